import { type ReleaseDocument, satisfiesRange } from "@modelfleet/protocol";
import { ReleaseRefused } from "../domain/release-refused.ts";
import type { RuntimeChoice } from "../ports/runner-host.ts";
import type { RuntimeId } from "../wire/runtime-id.ts";

type Needs = Pick<ReleaseDocument, "format"> & Pick<ReleaseDocument["compat"], "runtime">;

/** By speed where all of them work (agent.md 11). */
const orders: Readonly<Record<ReleaseDocument["format"], readonly RuntimeId[]>> = {
  onnx: ["onnxruntime-node", "onnxruntime-web"],
  tfjs: ["tfjs-node", "tfjs-wasm", "tfjs-cpu"],
};

/** A runtime that cannot hold a release here; it says nothing about the release. */
export class RuntimeDown extends Error {
  override readonly name = "RuntimeDown";
  /** It will fail the same way every time this agent asks. */
  readonly isLasting: boolean;

  constructor(reason: string, options: { readonly isLasting: boolean; readonly cause?: unknown }) {
    super(reason, { cause: options.cause });
    this.isLasting = options.isLasting;
  }
}

export interface RuntimeOrderOptions {
  /** Whether the package of an optional runtime is there at all. */
  readonly isInstalled: (id: RuntimeId) => boolean;
  /** Told once of each runtime that does not start here. */
  readonly onDown?: (id: RuntimeId, reason: string) => void;
}

/**
 * Which runtime holds a release. Rules:
 *
 * 1. The runtimes of the release's format are tried in their order; the first that starts holds it.
 * 2. What counts is what happens on this device: no table says where a native library loads. So a runtime is also
 *    passed over when its process dies while it starts (SIGILL on a processor it was not built for).
 * 3. A runtime that said it cannot start is not asked again by this agent. One whose process died is: memory may
 *    have been short.
 * 4. A runtime that starts and then refuses the model is the end: the next one would serve what its publisher never
 *    saw work there, and a model that only a slower runtime takes is the publisher's to know.
 */
export class RuntimeOrder {
  readonly #options: RuntimeOrderOptions;
  readonly #down = new Map<RuntimeId, string>();

  constructor(options: RuntimeOrderOptions) {
    this.#options = options;
  }

  /** The search for one load. */
  search({ format, runtime }: Needs): RuntimeSearch {
    const order = orders[format].filter(
      (id) => id !== "tfjs-node" || this.#options.isInstalled(id),
    );
    const known = order.flatMap((id) => this.#down.get(id) ?? []);
    return new RuntimeSearch({
      candidates: order.filter((id) => !this.#down.has(id)),
      failures: known,
      needed: runtime,
      onDown: (id, reason) => this.#noteDown(id, reason),
    });
  }

  #noteDown(id: RuntimeId, reason: string): void {
    this.#down.set(id, reason);
    this.#options.onDown?.(id, reason);
  }
}

interface SearchParts {
  readonly candidates: readonly RuntimeId[];
  readonly failures: readonly string[];
  readonly needed: string;
  readonly onDown: (id: RuntimeId, reason: string) => void;
}

export class RuntimeSearch {
  readonly candidates: readonly RuntimeId[];
  readonly #parts: SearchParts;
  readonly #failures: string[];

  constructor(parts: SearchParts) {
    this.#parts = parts;
    this.candidates = parts.candidates;
    this.#failures = [...parts.failures];
  }

  /** The next one is to be tried. */
  passOver(id: RuntimeId, { message, isLasting }: RuntimeDown): void {
    this.#failures.push(message);
    if (isLasting) this.#parts.onDown(id, message);
  }

  /**
   * What is told of the one that started.
   *
   * @param name what it calls itself, like `onnxruntime-node 1.30.0`
   * @throws RuntimeDown when the release asks for a later version
   */
  choose(id: RuntimeId, name: string): RuntimeChoice {
    const [, version = "unknown"] = name.split(" ");
    const [, least = "0"] = this.#parts.needed.split(">=");
    if (!satisfiesRange(version, `>=${least}`)) {
      const reason = `${id} ${version}: the release needs ${this.#parts.needed}`;
      throw new RuntimeDown(reason, { isLasting: false });
    }
    const isFirst = this.#failures.length === 0;
    const reason = isFirst
      ? "first choice of this platform"
      : `${this.#failures.join("; ")}: chosen ${id}`;
    return { id, version, reason };
  }

  /** Nothing here can hold the release. */
  exhausted(): ReleaseRefused {
    return new ReleaseRefused("UNSUPPORTED_RUNTIME", this.#failures.join("; "));
  }
}
