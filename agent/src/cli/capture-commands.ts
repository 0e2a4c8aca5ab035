import type { Command } from "commander";

/** What the people of a device say about captured requests. */
export interface CaptureWords {
  readonly capture: (word: CaptureWord, options: CaptureOptions) => Promise<CaptureAnswer>;
}

export type CaptureWord = "allow" | "withdraw" | "delete" | "list";

export interface CaptureOptions {
  readonly data: string;
  readonly policy?: readonly string[];
}

export interface CaptureAnswer {
  /** What is allowed; null is nothing. */
  readonly consent: { readonly policies: "any" | readonly string[] } | null;
  /** Where the files lie. */
  readonly folder: string;
  readonly captures: readonly { readonly policy: string; readonly files: number }[];
  readonly removed?: number;
}

interface JsonOption {
  readonly json?: boolean;
}

const DATA = ["--data <folder>", "the device's data folder"] as const;

/** `capture allow`, `withdraw`, `delete` and `list`; an agent that runs heeds them within a second. */
export function addCapture(
  program: Command,
  commands: CaptureWords,
  out: (text: string) => void,
): void {
  const capture = program
    .command("capture")
    .description("requests kept on this device, which a release may ask for and you may forbid")
    .addHelpText("before", example("allow --data ./cam-1 --policy retrain-2027"));
  const add = (word: CaptureWord, about: string) =>
    capture
      .command(word)
      .description(about)
      .requiredOption(...DATA)
      .option("--json", "answer in JSON")
      .addHelpText("before", example(`${word} --data ./cam-1`))
      .action(async (options: CaptureOptions & JsonOption) => {
        const answer = await commands.capture(word, options);
        out(options.json === true ? `${JSON.stringify(answer)}\n` : captureText(answer));
      });
  add("allow", "let releases keep requests here, as their signed policies say").option(
    "--policy <id...>",
    "only under these policies (default: any)",
  );
  add("withdraw", "allow nothing any more, and delete everything that was kept");
  add("delete", "delete what was kept; what is allowed stays").option(
    "--policy <id...>",
    "only what was kept under these policies",
  );
  add("list", "what is allowed, and what is there");
}

function example(words: string): string {
  return `Example:\n  modelfleet agent capture ${words}\n`;
}

function captureText({ consent, folder, captures, removed }: CaptureAnswer): string {
  const allowed =
    consent === null
      ? "nothing may be kept"
      : `requests may be kept under ${consent.policies === "any" ? "any signed policy" : consent.policies.join(", ")}`;
  const gone = removed === undefined ? [] : [`${removed} deleted`];
  const held = captures.map(({ policy, files }) => `${policy}: ${files} in ${folder}/${policy}`);
  return `${[allowed, ...gone, ...held].join("\n")}\n`;
}
