import { onnxLimits } from "../../limits.ts";
import type { MessageReader, Span } from "./message-reader.ts";
import { ModelFormatError } from "./model-format-error.ts";
import type { Pauses } from "./walk-graph.ts";

/** Field numbers of onnx.proto3. */
const node = { operator: 4, domain: 7 } as const;
const functionProto = { name: 1, domain: 10 } as const;

/** Operator sets that are part of ONNX Runtime as it comes; any other needs a library beside the model. */
const builtIn: ReadonlySet<string> = new Set([
  ...["", "ai.onnx", "ai.onnx.ml"],
  ...["com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"],
]);

/** Operators of a model that no runtime of ours has, unless the model itself defines them as functions. */
export class ForeignOperators {
  readonly #reader: MessageReader;
  readonly #used = new Set<string>();
  readonly #defined = new Set<string>();

  constructor(reader: MessageReader) {
    this.#reader = reader;
  }

  *noteNode(span: Span): Pauses {
    const name = yield* this.#nameOf(span, node.operator, node.domain);
    if (name !== undefined) this.#used.add(name);
    if (this.#used.size > onnxLimits.operatorsNamedMax) throw tooMany("uses");
  }

  *noteFunction(span: Span): Pauses {
    const name = yield* this.#nameOf(span, functionProto.name, functionProto.domain);
    if (name !== undefined) this.#defined.add(name);
    if (this.#defined.size > onnxLimits.initializersMax) throw tooMany("defines");
  }

  /** @throws ModelFormatError OPERATOR */
  refuse(): void {
    const missing = [...this.#used].find((name) => !this.#defined.has(name));
    if (missing === undefined) return;
    throw new ModelFormatError(
      "OPERATOR",
      `expected operators that ONNX Runtime has, got ${missing}: export the model without custom operators`,
    );
  }

  /** `domain:operator`; undefined when the domain is a built-in one. */
  *#nameOf(span: Span, operator: number, domain: number): Generator<void, string | undefined> {
    let [operatorSpan, domainName]: [Span | undefined, string] = [undefined, ""];
    for (const field of this.#reader.fields(span)) {
      if (this.#reader.isPauseDue()) yield;
      if (field.kind !== "bytes") continue;
      if (field.number === operator) operatorSpan = field.span;
      if (field.number === domain) domainName = this.#reader.text(field.span);
    }
    if (builtIn.has(domainName)) return undefined;
    const name = operatorSpan === undefined ? "" : this.#reader.text(operatorSpan);
    return `${domainName}:${name}`;
  }
}

function tooMany(what: string): ModelFormatError {
  return new ModelFormatError("OPERATOR", `expected fewer custom operators than the model ${what}`);
}
