import {
  DesiredDocument,
  type DesiredModel,
  decodeEnvelope,
  formatTimestamp,
  mainSlot,
  type RefusalCode,
  type ReleaseReference,
  type ReportItem,
  type Sha256,
  type SlotReport,
} from "@modelfleet/protocol";
import {
  itemOf,
  type Conduct as SimulatedConduct,
} from "../../../modelfleet/src/simulator/device/conduct.ts";
import { SimulatedDevice } from "../controller/simulated-device.ts";

/** What a device makes of one release. */
export type Conduct =
  | SimulatedConduct
  /** Proves it and says that it waits, for a window or a lock. */
  | { readonly kind: "wait"; readonly detail: string };

const way = ["accepted", "downloading", "downloaded", "loading", "golden", "activated"] as const;

/** A device that follows its orders at once, over real signed messages. */
export class FleetDevice extends SimulatedDevice {
  isOnline = true;
  /** What it does with a release; confirms any other. */
  conducts = new Map<Sha256, Conduct>();
  /** What it does with the next order, whatever the release. */
  nextConduct: Conduct | undefined;
  active: ReleaseReference | null = null;
  previous: ReleaseReference | null = null;
  desiredSeq = 0;
  /** By the last document; undefined: it does not name the slot. */
  wanted: Sha256 | undefined;
  /** Every release that has ever served here, in order. */
  readonly served: Sha256[] = [];
  readonly orders: DesiredModel[] = [];
  #seq = 0;
  #boot = 1;
  #refused: SlotReport["refused"] = [];
  /** The last attempt of the release it has refused. */
  #givenUp = 0;

  /** @returns the report it answers with; undefined when the document is not newer */
  follow(envelope: Uint8Array, nowMs: number): Uint8Array | undefined {
    const text = new TextDecoder().decode(decodeEnvelope(envelope).payload);
    const document = DesiredDocument.parse(JSON.parse(text));
    if (document.seq <= this.desiredSeq) return undefined;
    this.desiredSeq = document.seq;
    const wanted = document.models.find(({ slot }) => slot === mainSlot);
    this.wanted = wanted?.release;
    if (wanted === undefined) return this.reportOf([], nowMs);
    this.orders.push(wanted);
    if (wanted.release === this.active?.release) return this.reportOf([], nowMs);
    if (this.#isGivenUp(wanted)) return this.reportOf([], nowMs);
    return this.reportOf(this.#try(wanted), nowMs);
  }

  helloNow(nowMs: number): Uint8Array {
    return this.hello({
      boot: this.#boot,
      issuedAt: formatTimestamp(nowMs),
      desiredSeq: this.desiredSeq,
      reports: this.#seq,
      slots: this.slots(),
    });
  }

  /** It falls back to what it ran before, by itself. */
  fallBack(nowMs: number): Uint8Array {
    const lost = this.active;
    this.active = this.previous;
    this.previous = null;
    const items = lost === null ? [] : [itemOf(lost, "rolled-back", { code: "RUNNER_CRASH" })];
    return this.reportOf(items, nowMs);
  }

  /** What it says of the release it was told to run. */
  sayOf(step: ReportItem["step"], nowMs: number, why: Pick<ReportItem, "code" | "detail"> = {}) {
    const wanted = this.#wanted();
    if (step === "refused") this.#giveUp(wanted, why.code ?? "DEFERRED", why.detail ?? "");
    return this.reportOf([itemOf(nameOf(wanted), step, why)], nowMs);
  }

  /** What held it up is over: it serves the release it was told to run. */
  goOn(nowMs: number): Uint8Array {
    const named = nameOf(this.#wanted());
    this.#serve(named);
    return this.reportOf([itemOf(named, "activated"), itemOf(named, "confirmed")], nowMs);
  }

  reportOf(items: readonly ReportItem[], nowMs: number): Uint8Array {
    const seq = this.#seq++;
    const issuedAt = formatTimestamp(nowMs);
    const { desiredSeq } = this;
    return this.report({ boot: this.#boot, seq, issuedAt, desiredSeq, items, slots: this.slots() });
  }

  slots(): readonly SlotReport[] {
    const { active, previous } = this;
    return [{ slot: mainSlot, active, previous, trial: null, refused: this.#refused }];
  }

  #wanted(): DesiredModel {
    const wanted = this.orders.at(-1);
    if (wanted === undefined) throw new RangeError(`expected an order of ${this.id}`);
    return wanted;
  }

  /** protocol.md 4.5 */
  #isGivenUp({ release, attempt = 1 }: DesiredModel): boolean {
    const isSame = this.#refused.some((held) => held.release === release);
    if (isSame && attempt <= this.#givenUp) return true;
    this.#refused = [];
    return false;
  }

  #giveUp({ release, attempt = 1 }: DesiredModel, code: RefusalCode, detail: string): void {
    this.#refused = [{ release, code, detail }];
    this.#givenUp = attempt;
  }

  #try(wanted: DesiredModel): readonly ReportItem[] {
    const named = nameOf(wanted);
    const conduct = this.nextConduct ?? this.conducts.get(wanted.release) ?? { kind: "confirm" };
    this.nextConduct = undefined;
    const steps = way.map((step) => itemOf(named, step));
    switch (conduct.kind) {
      case "confirm":
        this.#serve(named);
        return [...steps, itemOf(named, "confirmed")];
      case "refuse": {
        const { code, detail = "as the test wants it" } = conduct;
        this.#giveUp(wanted, code, detail);
        return [...steps.slice(0, 3), itemOf(named, "refused", { code, detail })];
      }
      case "stop-after":
        return steps.slice(0, steps.findIndex(({ step }) => step === conduct.step) + 1);
      case "lie":
        return [...steps, itemOf(named, "confirmed")];
      case "wait":
        return [...steps.slice(0, 5), itemOf(named, "waiting", { detail: conduct.detail })];
      case "roll-back":
        this.#giveUp(wanted, "ROLLED_BACK", "as the test wants it");
        return [...steps, itemOf(named, "rolled-back", { code: "ROLLED_BACK" })];
    }
  }

  #serve(named: ReleaseReference): void {
    this.previous = this.active;
    this.active = named;
    this.served.push(named.release);
  }
}

/** A document names no version; what a device reports as one decides nothing. */
const version = "1.0.0" as ReleaseReference["version"];

function nameOf(wanted: DesiredModel): ReleaseReference {
  return { release: wanted.release, model: wanted.model, version };
}
