import { setTimeout as wait } from "node:timers/promises";
import {
  DesiredDocument,
  type DesiredModel,
  decodeEnvelope,
  formatTimestamp,
  mainSlot,
  type ReleaseReference,
  ReleaseVersion,
  type ReportItem,
  type SlotReport,
} from "@modelfleet/protocol";
import { SimulatedDevice } from "../controller/simulated-device.ts";
import type { Random } from "../random.ts";
import { BusLine } from "./bus-line.ts";
import type { BusConduct, PlannedDevice } from "./fleet-conduct.ts";

export interface BusDeviceOptions {
  readonly planned: PlannedDevice;
  readonly brokerUrl: () => string;
  readonly random: Random;
  /** A message of the controller has arrived. */
  readonly heard: () => void;
  /** Whether the rollout is to be taken back. */
  readonly isReturning: () => boolean;
}

/** One order, as the device got it. */
export interface HeardOrder extends Pick<DesiredModel, "release"> {
  readonly seq: number;
  readonly attempt: number;
}

const steps: readonly (readonly ReportItem["step"][])[] = [
  ["accepted"],
  ["downloading"],
  ["downloaded", "loading"],
  ["golden"],
];
const stepMsMax = 40;

/**
 * A device on the real bus: its own connection and credential, orders, and reports that it keeps until they are
 * acknowledged (protocol.md 3). It comes back by itself for as long as it takes.
 */
export class BusDevice extends SimulatedDevice {
  readonly planned: PlannedDevice;
  readonly line: BusLine;
  active: ReleaseReference | null = null;
  readonly orders: HeardOrder[] = [];
  /** Every step it has told, in order. */
  readonly told: ReportItem[] = [];
  readonly #options: BusDeviceOptions;
  #desiredSeq = 0;
  #previous: ReleaseReference | null = null;
  #trial: ReleaseReference | null = null;
  #refused: SlotReport["refused"] = [];
  #givenUpAttempt = 0;
  #trying: HeardOrder | undefined;
  #nextSeq = 0;

  constructor(options: BusDeviceOptions) {
    super(options.planned.id);
    this.planned = options.planned;
    this.#options = options;
    const { brokerUrl, random, heard } = options;
    this.line = new BusLine({
      ...{ id: this.id, brokerUrl, random, heard },
      follow: (envelope) => this.#follow(envelope),
      hello: () =>
        this.hello({
          issuedAt: formatTimestamp(Date.now()),
          desiredSeq: this.#desiredSeq,
          reports: this.#nextSeq,
          slots: this.#slots(),
        }),
    });
  }

  /** Everything it has told is acknowledged, and it has nothing left to do. */
  get isAtRest(): boolean {
    const isStuck = this.planned.conduct.kind === "stall" && this.#options.isReturning();
    return this.line.isEmpty && (this.#trying === undefined || isStuck);
  }

  #follow(envelope: Uint8Array): void {
    const text = new TextDecoder().decode(decodeEnvelope(envelope).payload);
    const { seq, models } = DesiredDocument.parse(JSON.parse(text));
    if (seq <= this.#desiredSeq) return;
    this.#desiredSeq = seq;
    const wanted = models.find(({ slot }) => slot === mainSlot);
    if (wanted === undefined) {
      this.#stopTrying();
      return;
    }
    const { release, attempt = 1 } = wanted;
    const order = { seq, release, attempt };
    this.orders.push(order);
    if (this.#trying?.release === release && this.#trying.attempt === attempt) return;
    this.#stopTrying();
    if (release === this.active?.release || this.#isGivenUp(order)) {
      this.#report([]);
      return;
    }
    this.#refused = [];
    this.#trying = order;
    void this.#install(order, wanted);
  }

  #stopTrying(): void {
    this.#trying = undefined;
    this.#trial = null;
  }

  /** protocol.md 4.5 */
  #isGivenUp({ release, attempt }: HeardOrder): boolean {
    const isSame = this.#refused.some((held) => held.release === release);
    return isSame && attempt <= this.#givenUpAttempt;
  }

  async #install(order: HeardOrder, wanted: DesiredModel): Promise<void> {
    const named = { release: wanted.release, model: wanted.model, version: anyVersion };
    const conduct = this.#conductOf(order);
    for (const told of steps) {
      await wait(this.#options.random.below(stepMsMax));
      if (this.#trying !== order) return;
      this.#report(told.map((step) => itemOf(named, step)));
      if (told.includes("downloading") && conduct.kind === "away")
        void this.line.leave(conduct.awayMs);
      if (told.includes("downloading") && conduct.kind === "stall") return;
    }
    await wait(this.#options.random.below(stepMsMax));
    if (this.#trying === order) await this.#end(order, named, conduct);
  }

  #conductOf({ attempt, release }: HeardOrder): BusConduct {
    const { conduct } = this.planned;
    const isBack = release === this.#previous?.release || this.active === null;
    if (isBack) return { kind: "confirm" };
    if (conduct.kind === "stall" && !this.#options.isReturning()) return { kind: "confirm" };
    const isOver = conduct.kind === "refuse" && attempt > conduct.untilAttempt;
    return isOver ? { kind: "confirm" } : conduct;
  }

  async #end(order: HeardOrder, named: ReleaseReference, conduct: BusConduct): Promise<void> {
    if (conduct.kind === "refuse") {
      const why = { code: conduct.code, detail: "as it does" };
      this.#giveUp(order, why);
      this.#report([itemOf(named, "refused", why)]);
      return;
    }
    const before = this.active;
    this.#trial = named;
    this.active = named;
    this.#report([itemOf(named, "activated")]);
    await wait(this.#options.random.below(stepMsMax));
    if (this.#trying !== order) {
      this.active = before;
      return;
    }
    this.#trial = null;
    if (conduct.kind === "fall-back") {
      this.active = before;
      this.#giveUp(order, { code: "ROLLED_BACK", detail: "as it does" });
      this.#report([itemOf(named, "rolled-back", { code: "ROLLED_BACK" })]);
      return;
    }
    this.#previous = before;
    this.#trying = undefined;
    this.#report([itemOf(named, "confirmed")]);
  }

  #giveUp(
    { release, attempt }: HeardOrder,
    why: { readonly code: SlotReport["refused"][number]["code"]; readonly detail: string },
  ): void {
    this.#refused = [{ release, ...why }];
    this.#givenUpAttempt = attempt;
    this.#trying = undefined;
  }

  #report(items: readonly ReportItem[]): void {
    const seq = this.#nextSeq++;
    this.told.push(...items);
    const issuedAt = formatTimestamp(Date.now());
    const slots = this.#slots();
    const envelope = this.report({ seq, issuedAt, desiredSeq: this.#desiredSeq, items, slots });
    this.line.put(seq, envelope);
  }

  #slots(): readonly SlotReport[] {
    const { active } = this;
    const [previous, trial, refused] = [this.#previous, this.#trial, this.#refused];
    return [{ slot: mainSlot, active, previous, trial, refused }];
  }
}

/** A document names no version; what a device reports as one decides nothing. */
const anyVersion = ReleaseVersion.parse("1.0.0");

function itemOf(
  { release, model, version }: ReleaseReference,
  step: ReportItem["step"],
  why: Pick<ReportItem, "code" | "detail"> = {},
): ReportItem {
  return { slot: mainSlot, release, model, version, step, ...why };
}
