import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RELEASES = fileURLToPath(new URL("../../../examples/digits/releases", import.meta.url));
const FILES = ["model.onnx", "golden.json"];

export const EXAMPLE_MODEL = "digits";

/** The upload of a release of the examples: a real model, so that the controller looks into it as into any. */
export async function* exampleUpload(version: string) {
  for (const [name, bytes] of await partsOf(version)) yield { name, stream: one(bytes) };
}

/** The same as a body of `POST /v1/releases`. */
export async function exampleForm(version: string): Promise<FormData> {
  const form = new FormData();
  for (const [name, bytes] of await partsOf(version)) {
    form.append(name, new Blob([new Uint8Array(bytes)]), name);
  }
  return form;
}

async function partsOf(version: string): Promise<readonly (readonly [string, Uint8Array])[]> {
  const folder = join(RELEASES, version);
  const { drift: _, ...manifest } = JSON.parse(
    await readFile(join(folder, "release.json"), "utf8"),
  ) as Record<string, unknown>;
  const files = FILES.map(async (name) => [name, await readFile(join(folder, name))] as const);
  return [
    ["manifest", new TextEncoder().encode(JSON.stringify(manifest))],
    ...(await Promise.all(files)),
  ];
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
