import {
  type DesiredModel,
  mainSlot,
  type RefusalCode,
  type ReleaseReference,
  ReleaseVersion,
  type Sha256,
  type SlotReport,
} from "@modelfleet/protocol";

/** A document names no version; what a device reports as one decides nothing. */
const VERSION = ReleaseVersion.parse("1.0.0");

/** What a device's one slot holds, and what it makes of an order (protocol.md 4.5, 4.6). */
export class DeviceSlot {
  active: ReleaseReference | null = null;
  previous: ReleaseReference | null = null;
  trial: ReleaseReference | null = null;
  /** What it gave up last, and with which attempt. */
  #refused: SlotReport["refused"] = [];
  #attemptGivenUp = 0;

  /** @returns whether there is something to install; an order for what serves, or was given up, changes nothing */
  takes({ release, attempt = 1 }: DesiredModel): boolean {
    if (release === this.active?.release) return false;
    // protocol.md 4.5
    const isGivenUp = this.#refused.some((held) => held.release === release);
    if (isGivenUp && attempt <= this.#attemptGivenUp) return false;
    this.#refused = [];
    return true;
  }

  /** Whether nothing has to be fetched for it. */
  holds(release: Sha256): boolean {
    return this.previous?.release === release || this.active?.release === release;
  }

  serve(named: ReleaseReference): void {
    this.previous = this.active;
    this.active = named;
    this.trial = null;
  }

  giveUp({ release, attempt = 1 }: DesiredModel, code: RefusalCode, detail: string): void {
    this.#refused = [{ release, code, detail }];
    this.#attemptGivenUp = attempt;
    this.trial = null;
  }

  /** To what it ran before, by itself. @returns what it has lost */
  fallBack(): ReleaseReference | null {
    const lost = this.active;
    this.active = this.previous;
    this.previous = null;
    return lost;
  }

  report(): SlotReport {
    const { active, previous, trial } = this;
    return { slot: mainSlot, active, previous, trial, refused: this.#refused };
  }
}

/** As a device reports what it was told to run. */
export function referenceTo({ release, model }: DesiredModel): ReleaseReference {
  return { release, model, version: VERSION };
}
