import { parseArgs } from "node:util";
import type { BenchLine } from "./bench-line.ts";
import { benchParts } from "./parts.ts";
import { digits, printTable } from "./statistics.ts";

/** `npm run bench`: one table of every scenario that has a figure. Exits with 1 when a limit does not hold. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string", multiple: true }, json: { type: "boolean" } },
  });
  const chosen = benchParts.filter(({ name }) => values.only?.includes(name) ?? true);
  if (chosen.length === 0) throw new Error(`expected one of ${names()}`);
  const lines: BenchLine[] = [];
  for (const { name, load } of chosen) {
    const part = await load();
    lines.push(...(await part.run((text) => console.error(`${name}: ${text}`))));
  }
  lines.sort((left, right) => left.scenario - right.scenario);
  if (values.json === true) console.log(JSON.stringify(lines));
  else printTable([header, ...lines.map(rowOf)]);
  process.exitCode = lines.every(({ holds }) => holds) ? 0 : 1;
}

const header = ["scenario", "ours", "bare", "ratio", "limit", "holds"];

function rowOf({ scenario, what, ours, bare, limit, holds }: BenchLine): readonly string[] {
  const ratio = bare === null || bare === 0 ? "" : String(digits(ours / bare));
  const compared = bare === null ? "" : String(digits(bare));
  return [
    `${scenario} ${what}`,
    String(digits(ours)),
    compared,
    ratio,
    limit,
    holds ? "yes" : "NO",
  ];
}

function names(): string {
  return benchParts.map(({ name }) => name).join(", ");
}

await main();
