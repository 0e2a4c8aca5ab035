import {
  type CapturePolicy,
  modelDigest,
  ReferenceProfile,
  ReleaseDocument,
  type Sha256,
} from "@modelfleet/protocol";
import { identityModel } from "./identity-model.ts";
import type { miniController } from "./mini-controller.ts";

export const partClasses = ["good", "worn", "broken"] as const;

/** Answers what it is given, which its profile takes for the chances of three classes. */
export function publishClassifier(
  controller: Awaited<ReturnType<typeof miniController>>,
  {
    version = "1.0.0",
    capture,
  }: { readonly version?: string; readonly capture?: CapturePolicy } = {},
): Sha256 {
  const profile = ReferenceProfile.parse({
    ...{ spec: 1, samples: 30, features: [] },
    outputs: [
      {
        ...{ name: "part", source: { tensor: "y" }, kind: "classification" },
        ...{ classes: partClasses, counts: [10, 10, 10] },
        confidence: { edges: [0.5], counts: [10, 20] },
      },
    ],
  });
  const model = identityModel({ dtype: "float32", shape: ["n", 3] });
  const files = ReleaseDocument.shape.files.parse([
    { path: "model.onnx", ...controller.hold(Buffer.from(model)) },
    { path: "profile.json", ...controller.hold(Buffer.from(JSON.stringify(profile))) },
  ]);
  return controller.release(version, {
    ...{ files, digest: modelDigest(files) },
    drift: { baseline: "profile.json", ...(capture === undefined ? {} : { capture }) },
    io: {
      inputs: [{ name: "x", dtype: "float32", shape: [-1, 3] }],
      outputs: [{ name: "y", dtype: "float32", shape: [-1, 3] }],
    },
  });
}
