import { onnxLimits } from "../../limits.ts";
import { ModelFormatError } from "./model-format-error.ts";

/** At most `length` bytes of the file from `offset`; fewer only at its end. */
export type ReadBytes = (offset: number, length: number) => Uint8Array;

/** Bytes [from, until) of the file. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** One field of a protobuf message. `value` is the number of a varint, above 2^53 only roughly; `span` the content of a length-delimited field. */
export type Field =
  | { readonly number: number; readonly kind: "varint"; readonly value: number }
  | { readonly number: number; readonly kind: "fixed" }
  | { readonly number: number; readonly kind: "bytes"; readonly span: Span };

const VARINT_BYTES_MAX = 10;

/** Reads protobuf fields of a file through a small window: content that nobody asks for is never read. */
export class MessageReader {
  readonly sizeBytes: number;
  readonly #read: ReadBytes;
  #window: Uint8Array = new Uint8Array(0);
  #windowFrom = 0;
  #fieldsLeft: number = onnxLimits.messagesMax;
  #workSincePause = 0;

  constructor(sizeBytes: number, read: ReadBytes) {
    this.sizeBytes = sizeBytes;
    this.#read = read;
  }

  /** Every field of the message in this span, in order. @throws ModelFormatError when it is not a message */
  *fields(span: Span): Generator<Field> {
    let at = span.from;
    while (at < span.until) {
      this.#spend(at);
      const tag = this.#varint(at, span.until);
      const number = Math.floor(tag.value / 8);
      if (number < 1 || number > 0x1fff_ffff) throw malformed(at, `field number ${number}`);
      const { field, next } = this.#field({ number, wire: tag.value % 8 }, tag.next, span.until);
      yield field;
      at = next;
    }
  }

  /** Every number of a packed field, or of the one varint that stands for it. @throws ModelFormatError */
  *numbers(field: Field): Generator<number> {
    if (field.kind === "varint") yield field.value;
    if (field.kind !== "bytes") return;
    let at = field.span.from;
    while (at < field.span.until) {
      this.#spend(at);
      const { value, next } = this.#varint(at, field.span.until);
      yield value;
      at = next;
    }
  }

  /** Whether enough was read since the last pause to let others work; asking begins the next stretch. */
  isPauseDue(): boolean {
    if (this.#workSincePause < onnxLimits.fieldsBetweenPauses) return false;
    this.#workSincePause = 0;
    return true;
  }

  /** @throws ModelFormatError when it is too long or not UTF-8 */
  text(span: Span): string {
    const length = span.until - span.from;
    if (length > onnxLimits.nameBytesMax) {
      throw malformed(span.from, `a name of ${length} bytes, at most ${onnxLimits.nameBytesMax}`);
    }
    const bytes = Uint8Array.from({ length }, (_, i) => this.#byte(span.from + i));
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch (cause) {
      if (cause instanceof TypeError) throw malformed(span.from, "a name that is not UTF-8");
      throw cause;
    }
  }

  #field(tag: { number: number; wire: number }, at: number, until: number) {
    const { number, wire } = tag;
    if (wire === 0) {
      const { value, next } = this.#varint(at, until);
      return { field: { number, kind: "varint", value } as const, next };
    }
    if (wire === 1 || wire === 5) {
      const next = this.#end(at, wire === 1 ? 8 : 4, until);
      return { field: { number, kind: "fixed" } as const, next };
    }
    if (wire !== 2) throw malformed(at, `wire type ${wire}`);
    const length = this.#varint(at, until);
    const next = this.#end(length.next, length.value, until);
    return {
      field: { number, kind: "bytes", span: { from: length.next, until: next } } as const,
      next,
    };
  }

  #end(at: number, length: number, until: number): number {
    if (length > until - at) throw malformed(at, `${length} bytes where ${until - at} are left`);
    return at + length;
  }

  #varint(at: number, until: number): { readonly value: number; readonly next: number } {
    let value = 0;
    for (let i = 0; i < VARINT_BYTES_MAX && at + i < until; i++) {
      const byte = this.#byte(at + i);
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return { value, next: at + i + 1 };
    }
    throw malformed(at, "a number without an end");
  }

  #byte(at: number): number {
    const known = this.#window[at - this.#windowFrom];
    if (known !== undefined) return known;
    this.#window = this.#read(at, onnxLimits.windowBytes);
    this.#windowFrom = at;
    this.#workSincePause += onnxLimits.fieldsPerWindow;
    const byte = this.#window[0];
    if (byte === undefined) throw malformed(at, "the end of the file");
    return byte;
  }

  #spend(at: number): void {
    this.#fieldsLeft -= 1;
    this.#workSincePause += 1;
    if (this.#fieldsLeft < 0) throw malformed(at, `more than ${onnxLimits.messagesMax} fields`);
  }
}

function malformed(at: number, got: string): ModelFormatError {
  return new ModelFormatError("MODEL_FORMAT", `expected an ONNX model: at byte ${at} came ${got}`);
}
