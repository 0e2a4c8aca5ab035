import { Release } from "@modelfleet/protocol";
import { goldenFile, jsonBytes, smallManifest, smallModel } from "../controller/upload.ts";
import type { InProcessController } from "./test-controller.ts";

export type FormContent = Uint8Array | object;

/** A multipart form in the order of its keys; objects become JSON. */
export function formOf(contents: Readonly<Record<string, FormContent>>): FormData {
  const form = new FormData();
  for (const [name, content] of Object.entries(contents)) {
    const bytes = content instanceof Uint8Array ? content : jsonBytes(content);
    form.append(name, new Blob([new Uint8Array(bytes)]), name);
  }
  return form;
}

export function smallForm(
  manifest: object = {},
  files: Readonly<Record<string, FormContent>> = {},
): FormData {
  return formOf({
    manifest: { ...smallManifest, ...manifest },
    "model.onnx": smallModel,
    "golden.json": goldenFile(),
    ...files,
  });
}

export async function publishSmall(
  controller: InProcessController,
  manifest: object = {},
): Promise<Release> {
  const answer = await controller.fetch("/v1/releases", {
    method: "POST",
    body: smallForm(manifest),
  });
  return Release.parse(await answer.json());
}
