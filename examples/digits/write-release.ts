import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export type ReleaseFiles = {
  readonly version: string;
  readonly model: Uint8Array;
  readonly golden: object;
  readonly profile: object;
};

/** Writes one release folder, ready for `modelfleet release publish`. */
export async function writeRelease(folder: string, release: ReleaseFiles): Promise<void> {
  const target = join(folder, release.version);
  await mkdir(target, { recursive: true });
  await writeFile(join(target, "model.onnx"), release.model);
  await writeFile(join(target, "release.json"), readableJson(publishManifest(release.version)));
  await writeFile(join(target, "golden.json"), readableJson(release.golden));
  await writeFile(join(target, "profile.json"), readableJson(release.profile));
}

/** Writes the request of the README beside the folder of the releases. */
export async function writeExample(folder: string, request: object): Promise<void> {
  await writeFile(join(folder, "..", "seven.json"), `${JSON.stringify(request)}\n`);
}

function publishManifest(version: string): object {
  return {
    model: "digits",
    version,
    securityVersion: 1,
    format: "onnx",
    entry: "model.onnx",
    compat: { classes: ["*"], runtime: "onnxruntime>=1.20", minMemoryMiB: 64 },
    limits: { memoryMiB: 900, loadMs: 20_000, inferMs: 500 },
    selfTest: { file: "golden.json" },
    drift: { baseline: "profile.json" },
  };
}

/** One line for each field, and for each member of a list: a change shows as one line in a diff, and 784 pixels stay on one. */
function readableJson(content: object): string {
  const fields = Object.entries(content).map(([name, value]: [string, unknown]) => {
    const members = Array.isArray(value)
      ? `[\n${value.map((member) => `    ${JSON.stringify(member)}`).join(",\n")}\n  ]`
      : JSON.stringify(value);
    return `  ${JSON.stringify(name)}: ${members}`;
  });
  return `{\n${fields.join(",\n")}\n}\n`;
}
