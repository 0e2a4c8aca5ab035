import {
  busLimits,
  type DesiredDocument,
  type DesiredModel,
  encodeBase64,
  formatTimestamp,
  mainSlot,
  type ReportItem,
  signDeviceMessage,
} from "@modelfleet/protocol";
import type { Chance } from "../chance.ts";
import { type Conduct, type CourseStep, courseOf } from "./conduct.ts";
import { DesiredTrust } from "./desired-trust.ts";
import { type DeviceIdentity, simulatedFacts } from "./device-identity.ts";
import type { DeviceLine, DeviceTime, LineListener } from "./device-line.ts";
import { DeviceSlot, referenceTo } from "./device-slot.ts";
import { Outbox } from "./outbox.ts";

export interface AgentNature {
  /** What it makes of a release. */
  readonly conductOf: (wanted: DesiredModel) => Conduct;
  /** About so long takes each step of an installation. */
  readonly stepMs: number;
  /** Chance that it falls in one step of an installation. */
  readonly crash: number;
  /** So long is it away after a fall, at most. */
  readonly restartMsMax: number;
  /** How wrong its clock is. */
  readonly skewMs: number;
}

export interface AgentParts {
  readonly identity: DeviceIdentity;
  readonly nature: AgentNature;
  readonly chance: Chance;
  readonly time: DeviceTime;
  readonly lineTo: (listener: LineListener) => DeviceLine;
}

/** An installation under way. */
interface Work {
  readonly wanted: DesiredModel;
  readonly course: readonly CourseStep[];
}

/**
 * An agent as far as its controller can see it: it says hello, verifies what it is told to run, goes through an
 * installation step by step, signs what it reports, and keeps each report until it is acknowledged.
 *
 * How to drive it: make its identity a member of a fleet (`addMembers`), give it a line (`BusLine` in this process, `MqttLine` to a real
 * broker) and a time, then call `start`. From there on it lives by the events of its line and by its timers.
 * `slot` is what it runs; `isIdle` says that it has nothing left to do or to say; `fall` kills it, and it comes back by
 * itself; `leave` and `start` take it off the line and back on.
 *
 * Rules:
 *
 * 1. What a fall takes: reports that are not acknowledged, and the work under way, which begins anew. What is on its disk
 *    stays: what it trusts, what it runs, what it was told, and the number of its starts.
 * 2. protocol.md 4.3, 4.9: it asks every quarter of an hour, and says hello again when a document was not fresh.
 */
export class SimulatedAgent {
  readonly identity: DeviceIdentity;
  readonly slot = new DeviceSlot();
  readonly #nature: AgentNature;
  readonly #chance: Chance;
  readonly #time: DeviceTime;
  readonly #line: DeviceLine;
  readonly #outbox: Outbox;
  readonly #trust: DesiredTrust;
  #wanted: DesiredModel | undefined;
  #work: Work | undefined;
  #boot = 1;
  /** Counts connections and falls: a timer of an earlier one is none any more. */
  #life = 0;
  #isConnected = false;
  #helloAtMs = Number.NEGATIVE_INFINITY;

  constructor({ identity, nature, chance, time, lineTo }: AgentParts) {
    [this.identity, this.#nature, this.#chance, this.#time] = [identity, nature, chance, time];
    this.#trust = new DesiredTrust(identity);
    this.#outbox = new Outbox((envelope) => this.#line.send("report", envelope));
    this.#line = lineTo({
      connected: () => this.#connected(),
      disconnected: () => this.#disconnected(),
      desired: (envelope) => this.#desired(envelope),
      acknowledged: ({ boot, seq }) => boot >= this.#boot && this.#outbox.acknowledged(seq),
    });
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** It is there, has told all it has to tell, and has nothing under way. */
  get isIdle(): boolean {
    return this.#isConnected && this.#work === undefined && this.#outbox.isEmpty;
  }

  /** The newest document it follows; 0 before the first. */
  get desiredSeq(): number {
    return this.#trust.seq;
  }

  start(): void {
    this.#line.open(this.#boot);
  }

  /** The line breaks; what it does it goes on doing. */
  leave(): void {
    this.#line.cut();
    this.#isConnected = false;
  }

  /** Rule 1. */
  fall(): void {
    this.leave();
    this.#life += 1;
    this.#boot += 1;
    this.#outbox.lose();
    this.#work = undefined;
    this.slot.trial = null;
    this.#trust.nonce = null;
    this.#later(this.#chance.between(0, this.#nature.restartMsMax), () => {
      this.start();
      if (this.#wanted !== undefined) this.#follow(this.#wanted);
    });
  }

  /** As its own clock shows it. */
  #clockMs(): number {
    return this.#time.nowMs() + this.#nature.skewMs;
  }

  /** Of this life only. */
  #later(ms: number, task: () => void): void {
    const life = this.#life;
    this.#time.after(ms, () => {
      if (life === this.#life) task();
    });
  }

  #connected(): void {
    this.#isConnected = true;
    this.#hello();
    this.#outbox.sendAll();
    this.#repeatUnheard();
    this.#poll();
  }

  #disconnected(): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    const { reconnectMsMin } = busLimits;
    this.#later(this.#chance.between(reconnectMsMin, 4 * reconnectMsMin), () => this.start());
  }

  #hello(): void {
    const nowMs = this.#time.nowMs();
    this.#helloAtMs = nowMs;
    this.#trust.nonce = encodeBase64(this.#chance.bytes(NONCE_BYTES));
    const hello = signDeviceMessage(this.identity.signer, "hello", {
      ...this.#said("hello"),
      nonce: this.#trust.nonce,
      agentVersion: simulatedFacts.agentVersion,
      rootVersion: this.#trust.rootVersion,
      reports: this.#outbox.begun,
      facts: simulatedFacts,
    });
    this.#line.send("hello", hello);
  }

  /** protocol.md 3.5 */
  #repeatUnheard(): void {
    this.#whileConnected(busLimits.ackWaitMsMax, () => {
      this.#outbox.sendAll();
      this.#repeatUnheard();
    });
  }

  /** protocol.md 4.3 */
  #poll(): void {
    this.#whileConnected(busLimits.desiredPollMs * this.#chance.between(0.8, 1.2), () => {
      this.#line.askDesired();
      this.#poll();
    });
  }

  #whileConnected(ms: number, task: () => void): void {
    const helloAtMs = this.#helloAtMs;
    this.#later(ms, () => {
      if (this.#isConnected && this.#helloAtMs === helloAtMs) task();
    });
  }

  #desired(envelope: Uint8Array): void {
    const accepted = this.#trust.accept(envelope, this.#clockMs());
    if (accepted === "NOT_FRESH") this.#helloAgain();
    if (typeof accepted === "object") this.#accept(accepted);
  }

  /** protocol.md 4.9 */
  #helloAgain(): void {
    const isPaused = this.#time.nowMs() - this.#helloAtMs < busLimits.helloPauseMsMin;
    if (!isPaused) this.#connected();
  }

  #accept({ models }: DesiredDocument): void {
    const wanted = models.find(({ slot }) => slot === mainSlot);
    this.#wanted = wanted;
    const isUnderWay = wanted !== undefined && this.#work?.wanted.release === wanted.release;
    if (!isUnderWay) {
      this.#stop();
      if (wanted !== undefined && this.#follow(wanted)) return;
    }
    // protocol.md 4.7: it holds the document, and it changes nothing.
    this.#report([]);
  }

  #stop(): void {
    this.#work = undefined;
    this.slot.trial = null;
  }

  /** @returns whether there is something to do */
  #follow(wanted: DesiredModel): boolean {
    if (!this.slot.takes(wanted)) return false;
    const isHere = this.slot.holds(wanted.release);
    const conduct: Conduct = isHere ? { kind: "confirm" } : this.#nature.conductOf(wanted);
    this.#work = { wanted, course: courseOf(conduct, referenceTo(wanted), isHere) };
    this.#walk(this.#work, 0);
    return true;
  }

  #walk(work: Work, at: number): void {
    const step = work.course[at];
    if (step === undefined) {
      this.#work = undefined;
      return;
    }
    const { stepMs, crash } = this.#nature;
    // The first word is quick.
    const share = at === 0 ? this.#chance.between(0, 0.2) : this.#chance.between(0.5, 1.5);
    const falls = this.#chance.hits(crash);
    this.#later(share * stepMs, () => {
      if (this.#work !== work) return;
      if (falls) {
        this.fall();
        return;
      }
      this.#make(work.wanted, step);
      this.#report(step.items);
      this.#walk(work, at + 1);
    });
  }

  #make(wanted: DesiredModel, { outcome }: CourseStep): void {
    const named = referenceTo(wanted);
    if (outcome.do === "try") this.slot.trial = named;
    if (outcome.do === "serve") this.slot.serve(named);
    if (outcome.do === "stay") this.slot.trial = null;
    if (outcome.do === "give-up") this.slot.giveUp(wanted, outcome.code, outcome.detail);
  }

  #report(items: readonly ReportItem[]): void {
    this.#outbox.add((seq) =>
      signDeviceMessage(this.identity.signer, "report", {
        ...this.#said("report"),
        ...{ seq, items: [...items], dropped: 0 },
      }),
    );
    if (!this.#isConnected) return;
    this.#outbox.sendNewest();
  }

  /** What hello and report have in common. */
  #said<Type extends "hello" | "report">(type: Type) {
    const said = {
      type,
      spec: 1,
      device: this.identity.id,
      boot: this.#boot,
      issuedAt: formatTimestamp(this.#clockMs()),
      clock: "synced",
      desiredSeq: this.#trust.seq,
      slots: [this.slot.report()],
    } as const;
    return { ...said, slots: [...said.slots] };
  }
}

const NONCE_BYTES = 16;
