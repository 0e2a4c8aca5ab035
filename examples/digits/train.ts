import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildReleases } from "./build-releases.ts";

const usage = `Trains the four releases of the digits classifier.

  node --conditions=modelfleet-source examples/digits/train.ts [--seed 7] [--out examples/digits/releases]

Same seed, same files. Takes about ten seconds.
`;

await main().catch((failure: unknown) => {
  process.stderr.write(
    `${failure instanceof Error ? failure.message : String(failure)}\n\n${usage}`,
  );
  process.exitCode = 2;
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "7" },
      out: { type: "string", default: fileURLToPath(new URL("releases", import.meta.url)) },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  await buildReleases({
    seed: parseSeed(values.seed),
    folder: values.out,
    print: (line) => process.stdout.write(`${line}\n`),
  });
}

function parseSeed(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new RangeError(`expected --seed with a whole number of up to nine digits, got ${text}`);
  }
  return Number(text);
}
