import { parseArgs } from "node:util";
import { sizeThreadPool } from "../../controller/src/thread-pool.ts";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import { digits, printTable } from "./statistics.ts";

/** Every part of `npm run bench:rollout`, each loaded when its turn comes. */
const parts: readonly { readonly name: string; readonly load: () => Promise<BenchPart> }[] = [
  { name: "reports", load: async () => (await import("./rollout/reports.ts")).reports },
  { name: "split", load: async () => (await import("./rollout/split.ts")).split },
  { name: "halt", load: async () => (await import("./rollout/halt.ts")).halt },
  { name: "rollback", load: async () => (await import("./rollout/rollback.ts")).rollback },
];

/** `npm run bench:rollout`: one table. Exits with 1 when a limit does not hold. */
async function main(): Promise<void> {
  // As the controller does where it starts.
  sizeThreadPool(process.env);
  const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
  const chosen = parts.filter(({ name }) => values.only?.includes(name) ?? true);
  if (chosen.length === 0) {
    throw new Error(`expected one of ${parts.map(({ name }) => name).join(", ")}`);
  }
  const lines: BenchLine[] = [];
  for (const { name, load } of chosen) {
    const part = await load();
    lines.push(...(await part.run((text) => console.error(`${name}: ${text}`))));
  }
  printTable([["what", "ours", "bare", "limit", "holds"], ...lines.map(rowOf)]);
  process.exitCode = lines.every(({ holds }) => holds) ? 0 : 1;
}

function rowOf({ what, ours, bare, limit, holds }: BenchLine): readonly string[] {
  const compared = bare === null ? "" : String(digits(bare));
  return [what, String(digits(ours)), compared, limit, holds ? "yes" : "NO"];
}

await main();
