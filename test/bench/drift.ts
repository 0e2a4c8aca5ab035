import { parseArgs } from "node:util";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import { digits, printTable } from "./statistics.ts";

/** Every part of `npm run bench:drift`, each loaded when its turn comes. */
const parts: readonly { readonly name: string; readonly load: () => Promise<BenchPart> }[] = [
  { name: "device", load: async () => (await import("./drift/device.ts")).device },
  { name: "hostile", load: async () => (await import("./drift/hostile.ts")).hostile },
  { name: "controller", load: async () => (await import("./drift/controller.ts")).controller },
];

/** `npm run bench:drift`: one table; bare is a sum over the same arrays. Exits with 1 when a limit does not hold. */
async function main(): Promise<void> {
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
  printTable([["scenario", "ours", "bare", "ratio", "limit", "holds"], ...lines.map(rowOf)]);
  process.exitCode = lines.every(({ holds }) => holds) ? 0 : 1;
}

function rowOf({ scenario, what, ours, bare, limit, holds }: BenchLine): readonly string[] {
  const compared = bare === null ? "" : String(digits(bare));
  const ratio = bare === null || bare === 0 ? "" : String(digits(ours / bare));
  return [
    `T${scenario} ${what}`,
    String(digits(ours)),
    compared,
    ratio,
    limit,
    holds ? "yes" : "NO",
  ];
}

await main();
