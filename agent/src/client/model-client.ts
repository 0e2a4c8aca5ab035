import type { AgentLine } from "./agent-line.ts";
import { type AskOptions, askJson, isReady } from "./ask.ts";
import {
  decodeInfer,
  encodeInfer,
  type InferAnswer,
  type InferInputs,
  type InferOptions,
} from "./infer-body.ts";
import { type ModelMetadata, readMetadata } from "./model-metadata.ts";

/** One model of the device, whatever release of it runs. */
export interface ModelClient {
  /** @throws AgentError; the reason of `signal` when that aborts */
  readonly infer: (inputs: InferInputs, options?: InferOptions) => Promise<InferAnswer>;
  /** Its inputs and outputs. */
  readonly metadata: (options?: AskOptions) => Promise<ModelMetadata>;
  readonly ready: (options?: AskOptions) => Promise<boolean>;
}

export interface ModelPlace {
  readonly name: string;
  readonly version: string | undefined;
  readonly timeoutMs: number;
}

export function modelClient(
  line: AgentLine,
  { name, version, timeoutMs }: ModelPlace,
): ModelClient {
  const at = version === undefined ? "" : `/versions/${encodeURIComponent(version)}`;
  const path = `/v2/models/${encodeURIComponent(name)}${at}`;
  return {
    infer: async (inputs, options = {}) => {
      const { signal } = options;
      const givenMs = options.timeoutMs ?? timeoutMs;
      const body = encodeInfer(inputs, options, givenMs);
      // An answer that got lost has moved its sequence on already.
      const repeat = options.sequence === undefined ? "unanswered" : "unsent";
      const ask = { timeoutMs: givenMs, signal, repeat } as const;
      const reply = await line.ask({ ...ask, ...body, method: "POST", path: `${path}/infer` });
      return decodeInfer(reply);
    },
    metadata: async (options) => readMetadata(await askJson(line, path, { timeoutMs, ...options })),
    ready: (options) => isReady(line, `${path}/ready`, { timeoutMs, ...options }),
  };
}
