/** The library for applications on a device: `connect({ socketPath }).model("…").infer(…)`. */

export type { AgentStatus, DeferredStatus } from "../domain/agent-status.ts";
export { AgentError, type AgentErrorCode } from "./agent-error.ts";
export type { AgentPlace } from "./agent-line.ts";
export type { AskOptions } from "./ask.ts";
export { type AgentClient, type ConnectOptions, connect, type SlotOptions } from "./connect.ts";
export type { InferAnswer, InferInputs, InferOptions } from "./infer-body.ts";
export type { Feedback, FeedbackOptions, ModelClient } from "./model-client.ts";
export type { ModelMetadata, TensorForm } from "./model-metadata.ts";
export type { Datatype, TensorData, TensorInput, TensorOutput } from "./tensor.ts";
