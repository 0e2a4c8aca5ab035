import { InferenceSession, Tensor } from "onnxruntime-node";

/** The bare library in a process of its own: loads the model named, answers once, and says so. */
const session = await InferenceSession.create(process.argv[2] ?? "");
await session.run({ x: new Tensor("float32", new Float32Array(64), [1, 64]) });
process.on("disconnect", () => undefined);
process.send?.("answered");
