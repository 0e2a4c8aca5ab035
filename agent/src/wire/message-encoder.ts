import { encodeFrame, type FrameLimits, type HeaderBytes, headerBytes } from "./frame.ts";
import type { RunnerAnswer, RunnerRequest } from "./message.ts";
import {
  haveForms,
  type TensorForm,
  tensorForms,
  tensorHeaders,
  type WireTensor,
} from "./wire-tensor.ts";

type Message = RunnerRequest | RunnerAnswer;
type TensorMessage = Extract<Message, { readonly tensors: unknown }>;

/** The header written last, and what it was written for. */
interface LastHeader {
  readonly kind: TensorMessage["kind"];
  readonly outputs: readonly string[];
  readonly forms: readonly TensorForm[];
  readonly bytes: HeaderBytes;
}

/**
 * Writes the messages of one side of one conversation. Most are like the one before but for their id and their bytes:
 * such a one takes the header of that.
 */
export class MessageEncoder {
  readonly #limits: FrameLimits;
  #last: LastHeader | undefined;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** The chunks of one frame. @throws FrameError when the message is larger than a frame may be */
  encode(message: Message): Uint8Array[] {
    if ("tensors" in message) return this.#encodeTensors(message);
    const { id, ...rest } = message;
    return encodeFrame({ id, header: headerBytes(rest), parts: [] }, this.#limits);
  }

  #encodeTensors(message: TensorMessage): Uint8Array[] {
    const { id, tensors } = message;
    const parts = tensors.map(({ bytes }) => bytes);
    return encodeFrame({ id, header: this.#headerOf(message), parts }, this.#limits);
  }

  #headerOf(message: TensorMessage): HeaderBytes {
    const { kind, tensors } = message;
    const outputs = message.kind === "infer" ? message.outputs : noNames;
    if (this.#last !== undefined && isFor(this.#last, message, outputs)) return this.#last.bytes;
    const header = {
      kind,
      ...(kind === "infer" ? { outputs } : {}),
      tensors: tensorHeaders(tensors),
    };
    const bytes = headerBytes(header);
    this.#last = { kind, outputs: [...outputs], forms: tensorForms(tensors), bytes };
    return bytes;
  }
}

const noNames: readonly string[] = [];

function isFor(
  last: LastHeader,
  { kind, tensors }: { readonly kind: Message["kind"]; readonly tensors: readonly WireTensor[] },
  outputs: readonly string[],
): boolean {
  return last.kind === kind && isEqual(last.outputs, outputs) && haveForms(tensors, last.forms);
}

function isEqual(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i += 1) if (left[i] !== right[i]) return false;
  return true;
}
