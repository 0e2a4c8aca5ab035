import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { UploadPart } from "../../controller/src/app/release/upload.ts";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import { controllerWorld } from "../support/controller/controller-world.ts";
import { chunksOf } from "../support/controller/upload.ts";

const releases = join(import.meta.dirname, "../../examples/digits/releases");
const files = ["model.onnx", "golden.json", "profile.json"];

async function* partsOf(version: string): AsyncGenerator<UploadPart> {
  for (const name of ["release.json", ...files]) {
    const bytes = await readFile(join(releases, version, name));
    yield { name: name === "release.json" ? "manifest" : name, stream: chunksOf(bytes) };
  }
}

test.each([
  "1.0.0",
  "2.0.0",
  "3.0.0",
  "4.0.0",
])("digits %s of the examples is published with its golden cases and its profile", async (version) => {
  await using world = await controllerWorld();

  const { release } = await world.publish.run(partsOf(version), localPrincipal);

  expect(release.document).toMatchObject({ model: "digits", version });
  expect(release.document.files.map(({ path }) => path).sort()).toEqual([...files].sort());
  expect(release.document.io.inputs).toMatchObject([{ name: "x", dtype: "float32" }]);
});
