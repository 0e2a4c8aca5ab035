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
import { fieldsOf, parseJson, wholeOf } from "./read-answer.ts";

/** One model of the device, whatever release of it runs. */
export interface ModelClient {
  /** @throws AgentError; the reason of `signal` when that aborts */
  readonly infer: (inputs: InferInputs, options?: InferOptions) => Promise<InferAnswer>;
  /** Its inputs and outputs. */
  readonly metadata: (options?: AskOptions) => Promise<ModelMetadata>;
  readonly ready: (options?: AskOptions) => Promise<boolean>;
  /**
   * Says what a prediction should have been: a class by its name or index, or of an answer of several rows a list of
   * them, null where it is not known. The same again changes nothing.
   *
   * @param id of the answer
   */
  readonly feedback: (
    id: string,
    label: string | number | readonly (string | number | null)[],
    options?: FeedbackOptions,
  ) => Promise<Feedback>;
}

export interface FeedbackOptions extends AskOptions {
  /** Name of an output in the release's profile, where it has several. */
  readonly output?: string;
}

/** What the labels of one request came to. */
export interface Feedback {
  readonly labelled: number;
  readonly errors: number;
  /** These labels were given before, and are counted already. */
  readonly isRepeated: boolean;
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
    feedback: async (id, label, { output, ...asked } = {}) => {
      const chunks = [Buffer.from(JSON.stringify({ id, output, label }))];
      const ask = { timeoutMs, ...asked, chunks, repeat: "unanswered" } as const;
      const { body } = await line.ask({ ...ask, method: "POST", path: `${path}/feedback` });
      return feedbackOf(parseJson(body));
    },
  };
}

function feedbackOf(reply: unknown): Feedback {
  const fields = fieldsOf(reply, "an object");
  return {
    labelled: wholeOf(fields["labelled"], "labelled"),
    errors: wholeOf(fields["errors"], "errors"),
    isRepeated: fields["repeated"] === true,
  };
}
