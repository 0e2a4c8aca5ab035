import type { Command } from "commander";

/** What the commands of a site without a network do. */
export interface ExchangeCommands {
  readonly hello: (options: HelloOptions) => Promise<{ readonly device: string; out: string }>;
  readonly apply: (
    folder: string,
    options: ApplyOptions,
  ) => Promise<{ readonly device: string; readonly seq: number; readonly state: string }>;
}

export interface HelloOptions {
  readonly data: string;
  readonly out: string;
}

export interface ApplyOptions {
  readonly data: string;
  readonly socket?: string;
}

interface JsonOption {
  readonly json?: boolean;
}

const DATA = ["--data <folder>", "the device's data folder"] as const;

/** `hello` and `apply`: for devices that no network reaches. */
export function addExchange(
  program: Command,
  commands: ExchangeCommands,
  out: (text: string) => void,
): void {
  program
    .command("hello")
    .description("write what this device says of itself, to be carried to the controller")
    .requiredOption(...DATA)
    .requiredOption("--out <file>", "where to write it")
    .option("--json", "answer in JSON")
    .addHelpText(
      "before",
      "Example:\n  modelfleet agent hello --data ./cam-1 --out /media/usb/hello.json\n",
    )
    .action(async (options: HelloOptions & JsonOption) => {
      const answer = await commands.hello(options);
      const next = `next, at the controller: modelfleet bundle export ${answer.device} --hello FILE --out FOLDER`;
      out(options.json === true ? `${JSON.stringify(answer)}\n` : `${answer.out}\n${next}\n`);
    });
  program
    .command("apply")
    .description("take an update that was carried here, and wait until it runs")
    .argument("<folder>", "what `modelfleet bundle export` wrote")
    .requiredOption(...DATA)
    .option("--socket <path>", "the running agent's socket, when it was started with another")
    .option("--json", "answer in JSON")
    .addHelpText("before", "Example:\n  modelfleet agent apply /media/usb/cam-1 --data ./cam-1\n")
    .action(async (folder: string, options: ApplyOptions & JsonOption) => {
      const answer = await commands.apply(folder, options);
      const text = `order ${answer.seq} of ${answer.device}: ${answer.state}`;
      out(`${options.json === true ? JSON.stringify(answer) : text}\n`);
    });
}
