import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RELEASES = fileURLToPath(new URL("../../../examples/digits/releases", import.meta.url));
const FILES = ["model.onnx", "golden.json"];

export const EXAMPLE_MODEL = "digits";

/** The upload of a release of the examples: a real model, so that the controller looks into it as into any. */
export async function* exampleUpload(version: string) {
  const folder = join(RELEASES, version);
  const { drift: _, ...manifest } = JSON.parse(
    await readFile(join(folder, "release.json"), "utf8"),
  ) as Record<string, unknown>;
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  yield { name: "manifest", stream: one(bytes) };
  for (const name of FILES) {
    yield { name, stream: createReadStream(join(folder, name)) as AsyncIterable<Uint8Array> };
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
