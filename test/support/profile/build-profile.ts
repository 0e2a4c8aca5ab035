import { readFile, writeFile } from "node:fs/promises";
import { ReferenceProfile } from "@modelfleet/protocol";
import { runProgram } from "../../../controller/cli/program.ts";
import { recordedTerminal } from "../cli/recorded-terminal.ts";
import { seededRandom } from "../random.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** How a command ended. */
export interface Built {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
  /** The profile and its bytes, where one was written. */
  readonly text: string;
  readonly profile: ReferenceProfile | undefined;
}

export interface BuildOf {
  readonly rows: string;
  /** Its ending says what it is. */
  readonly file?: string;
  readonly config?: string;
  readonly flags?: readonly string[];
  /** What stands where the profile goes. */
  readonly there?: string;
}

/** Runs `profile build` on rows in a folder of its own; paths are left out of what it says. */
export async function build({
  rows,
  file = "rows.csv",
  config,
  flags = [],
  there,
}: BuildOf): Promise<Built> {
  await using folder = await temporaryFolder();
  const [path, out, yaml] = [folder.inside(file), folder.inside("p.json"), folder.inside("c.yaml")];
  await writeFile(path, rows);
  // Fewer drawn windows than by default, for the sake of time.
  await writeFile(yaml, `replicates: 200\n${config ?? ""}`);
  if (there !== undefined) await writeFile(out, there);
  const recorded = recordedTerminal();
  const exitCode = await runProgram(
    ["profile", "build", path, "--out", out, "--config", yaml, ...flags],
    recorded.terminal,
  );
  const text = await readFile(out, "utf8").catch(() => "");
  const profile = exitCode === 0 ? ReferenceProfile.parse(JSON.parse(text)) : undefined;
  const plain = (said: string) => said.replaceAll(folder.path, "");
  return { exitCode, text, profile, out: plain(recorded.out()), err: plain(recorded.err()) };
}

/** A table of many kinds of columns. @param count of rows */
export function mixedRows(count: number): string {
  const random = seededRandom(11);
  const lines = Array.from({ length: count }, (_, row) => {
    const label = random.below(3);
    const answer = random.below(10) === 0 ? random.below(3) : label;
    const level = row % 40 === 0 ? "" : row % 55 === 0 ? "NaN" : String(random.normal());
    const colour = ["red", '"a ""b"", c"', "blue"][random.below(3)];
    return [
      row,
      level,
      random.below(2),
      colour,
      random.below(2) ? "True" : "False",
      `id${row}`,
      label,
      answer,
      (0.4 + 0.6 * random.next()).toFixed(3),
    ].join(",");
  });
  return `n,level,sex,colour,member,id,y,p,c\n${lines.join("\n")}\n`;
}

/** Which columns of `mixedRows` are no input. */
export const answers = [
  "--label-column",
  "y",
  "--prediction-column",
  "p",
  "--confidence-column",
  "c",
];
