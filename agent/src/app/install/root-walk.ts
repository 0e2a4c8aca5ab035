import {
  acceptNextRoot,
  documentLimits,
  isCodedError,
  openPinnedRoot,
  sha256,
  type VerifyCode,
  VerifyError,
} from "@modelfleet/protocol";
import { backoffMs } from "../../domain/backoff.ts";
import type { RefusedDocument } from "../../domain/refused-document.ts";
import type { BlobSource } from "../../ports/blob-source.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { StateRecord } from "./state-record.ts";

export interface RootWalkParts {
  readonly record: StateRecord;
  readonly source: BlobSource;
  readonly clock: Clock;
  readonly log: Log;
  /** Another root holds from now on. */
  readonly adopted: () => void;
  readonly refused: (refusal: RefusedDocument) => void;
}

const pause = {
  delayMsMin: documentLimits.rootWalkPauseMsMin,
  delayMsMax: documentLimits.rootWalkPauseMsMax,
};

/** Refusals that a newer root may end: other online keys, or a root that has not expired. */
const rootBound: ReadonlySet<VerifyCode> = new Set<VerifyCode>([
  "SIGNATURE",
  "ROOT_TOO_OLD",
  "EXPIRED",
]);

export function isRootBound(code: VerifyCode): boolean {
  return rootBound.has(code);
}

/**
 * Root rotation over the air (protocol.md 1.3.8, 1.5.4).
 *
 * 1. It goes when somebody asked for it and the pause after the last fruitless attempt is over: whoever forges documents
 *    makes this device ask the controller at the pace of that pause, which grows, and no faster.
 * 2. Root N + 1 is fetched, verified, stored and committed before N + 2 is asked for; a refused one is never on disk.
 * 3. At most `rootStepsPerCycleMax` steps in one go; what is left is for the next one, at once.
 * 4. A document that the online key signed proves that there is a newer root: then it is asked for until it is there.
 * 5. A lost document of the current root is fetched again by its digest first; nothing is set back for that.
 */
export class RootWalk {
  readonly #parts: RootWalkParts;
  #asked: "no" | "perhaps" | "proven" = "no";
  #dueAtMs = Number.NEGATIVE_INFINITY;
  #fruitless = 0;

  constructor(parts: RootWalkParts) {
    this.#parts = parts;
    if (!parts.record.hasRoot()) this.#asked = "proven";
  }

  /** A document was refused for what a newer root might change. */
  ask(code: VerifyCode): void {
    if (code === "ROOT_TOO_OLD") this.#asked = "proven";
    else if (this.#asked === "no") this.#asked = "perhaps";
  }

  /** Until it goes; undefined when nobody asked. */
  inMs(): number | undefined {
    if (this.#asked === "no") return undefined;
    return Math.max(0, Math.ceil(this.#dueAtMs - this.#parts.clock.monotonicMs()));
  }

  /** @returns whether another root holds now. @throws what `signal` was aborted with; any defect of ours */
  async go(signal: AbortSignal): Promise<boolean> {
    if (this.inMs() !== 0) return false;
    const before = this.#parts.record.current().rootSha256;
    const wasLost = !this.#parts.record.hasRoot();
    const end = await this.#steps(signal).catch((cause: unknown) => this.#failed(cause, signal));
    const isLost = !this.#parts.record.hasRoot();
    const isNew = wasLost !== isLost || this.#parts.record.current().rootSha256 !== before;
    if (isNew || !signal.aborted) this.#rest(end, isNew);
    signal.throwIfAborted();
    return isNew;
  }

  #failed(cause: unknown, signal: AbortSignal): "failed" {
    if (signal.aborted) return "failed";
    if (!isCodedError(cause)) throw cause;
    this.#parts.log.warn({ event: "root.failed", code: cause.code }, cause.message);
    return "failed";
  }

  async #steps(signal: AbortSignal): Promise<"reached" | "more"> {
    const { record } = this.#parts;
    if (!record.hasRoot()) await this.#regain(signal);
    for (let step = 0; step < documentLimits.rootStepsPerCycleMax; step += 1) {
      const version = record.root().document.version + 1;
      const bytes = await this.#parts.source.root(version, signal);
      if (bytes === undefined) return "reached";
      await this.#take(bytes);
    }
    return "more";
  }

  async #take(bytes: Uint8Array): Promise<void> {
    const { record, log } = this.#parts;
    const root = this.#verified(bytes, () => acceptNextRoot(record.root(), bytes, record.verify));
    // protocol.md 1.3.8: stored before the next step is tried.
    await record.adopt(root);
    const { version } = root.document;
    log.info({ event: "root.adopted", version, sha256: root.sha256 }, `root ${version} holds`);
  }

  /** The state names it by digest, so nothing older can take its place. */
  async #regain(signal: AbortSignal): Promise<void> {
    const { record, source } = this.#parts;
    const { rootVersion, rootSha256 } = record.current();
    const bytes = await source.root(rootVersion, signal);
    if (bytes === undefined) {
      throw new VerifyError(
        "ROOT_TOO_OLD",
        `expected root ${rootVersion} from the source, got none`,
      );
    }
    await record.regain(
      this.#verified(bytes, () => openPinnedRoot(bytes, rootSha256, record.verify)),
    );
  }

  #verified<T>(bytes: Uint8Array, verify: () => T): T {
    try {
      return verify();
    } catch (cause) {
      if (cause instanceof VerifyError) {
        this.#parts.refused({ code: cause.code, sha256: sha256(bytes) });
      }
      throw cause;
    }
  }

  #rest(end: "reached" | "more" | "failed", isNew: boolean): void {
    const { clock, adopted } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (isNew) {
      this.#fruitless = 0;
      this.#dueAtMs = nowMs;
      this.#asked = end === "reached" ? "no" : "proven";
      this.#sayExpiry();
      adopted();
      return;
    }
    if (end === "reached" && this.#asked === "perhaps") this.#asked = "no";
    this.#dueAtMs = nowMs + backoffMs(pause, this.#fruitless, clock.chance());
    this.#fruitless += 1;
  }

  /** protocol.md 1.6.1: that of the last root counts, once it is stored; each desired document is held to it. */
  #sayExpiry(): void {
    const { record, clock, log } = this.#parts;
    const { version, expires } = record.root().document;
    const nowMs = Math.max(clock.nowMs(), record.current().timeFloorMs);
    if (Date.parse(expires) > nowMs) return;
    const text = `root ${version} expired at ${expires}; nothing new is taken until there is a newer one`;
    log.error({ event: "root.expired", version, expires }, text);
  }
}
