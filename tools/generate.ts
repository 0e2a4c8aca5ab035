/** Writes every generated file of the repository; with `--check`, only says which of them are stale. */
import { join } from "node:path";
import { faultCasesFile } from "./fault-cases.ts";
import { openApiFile } from "./open-api.ts";
import { schemaFiles, schemaFolder } from "./protocol-schemas.ts";
import { rolloutScenariosFile } from "./rollout-scenarios.ts";
import { rolloutStatesFile } from "./rollout-states.ts";
import { scenariosFile } from "./scenarios.ts";
import { refresh, type StaleFiles, staleFiles } from "./stale-files.ts";
import { targetFiles } from "./target-catalog.ts";
import { telemetryScenariosFile } from "./telemetry-scenarios.ts";
import { telemetryWireFile } from "./telemetry-wire.ts";

const root = join(import.meta.dirname, "..");
const files = [
  ...schemaFiles(root),
  ...targetFiles(root),
  telemetryWireFile(root),
  faultCasesFile(root),
  scenariosFile(root),
  rolloutScenariosFile(root),
  rolloutStatesFile(),
  telemetryScenariosFile(root),
  await openApiFile(root),
];
const stale = staleFiles(root, files, [schemaFolder]);
const paths = [...stale.changed.map(({ path }) => path), ...stale.left];

if (process.argv.includes("--check")) check(stale);
else write(stale);

function check({ left }: StaleFiles): void {
  if (paths.length === 0) return;
  for (const path of paths) {
    console.error(`stale: ${path}${left.includes(path) ? " (nothing makes it any more)" : ""}`);
  }
  console.error(
    `expected ${paths.length} generated files as their sources say: run npm run generate`,
  );
  process.exitCode = 1;
}

function write(stale: StaleFiles): void {
  refresh(root, stale);
  for (const path of paths) console.log(`generated ${path}`);
  console.log(`${files.length} generated files, ${paths.length} of them were stale`);
}
