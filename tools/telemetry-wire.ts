import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GeneratedFile } from "./target-catalog.ts";

const FOLDER = "protocol/src/telemetry";
const FILE = "telemetry_pb.ts";
const BUF_MS_MAX = 60_000;

/** TypeScript of `telemetry.proto`, made in a folder of its own so that checking changes nothing. */
export function telemetryWireFile(root: string): GeneratedFile {
  const folder = mkdtempSync(join(tmpdir(), "modelfleet-generate-"));
  try {
    const buf = join(root, "node_modules/.bin/buf");
    // `-o` is put in front of the `out` of buf.gen.yaml.
    execFileSync(buf, ["generate", "-o", folder], { cwd: root, timeout: BUF_MS_MAX });
    return { path: `${FOLDER}/${FILE}`, text: readFileSync(join(folder, FOLDER, FILE), "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
