import { busLimits, type DeviceId } from "@modelfleet/protocol";

interface Watched {
  /** Moments of the newest take-overs, oldest first. */
  readonly atMs: readonly number[];
  /** How often newcomers were made to pause. */
  readonly pauses: number;
  readonly pausedUntilMs: number;
  readonly lastMs: number;
}

const nothingYet: Watched = { atMs: [], pauses: 0, pausedUntilMs: 0, lastMs: 0 };

/**
 * Two clients with one identity throw each other out for ever (protocol.md 2.9). Rules:
 *
 * 1. So many take-overs within the window, and there are two. It is told once.
 * 2. From then on each take-over makes newcomers pause, twice as long as the time before, up to a limit.
 * 3. A quiet time forgets all of it; a newcomer in his pause is no quiet.
 */
export class TakeoverWatch {
  readonly #nowMs: () => number;
  /** Only who has logged in is here: at most as many as the fleet has devices. */
  readonly #devices = new Map<DeviceId, Watched>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @returns milliseconds a newcomer has to pause; 0: he may take the place */
  pauseMs(device: DeviceId): number {
    const watched = this.#watched(device);
    const pauseMs = Math.max(0, watched.pausedUntilMs - this.#nowMs());
    if (pauseMs > 0) this.#devices.set(device, { ...watched, lastMs: this.#nowMs() });
    return pauseMs;
  }

  /** A newcomer takes the place. @returns whether it has just shown that there are two */
  taken(device: DeviceId): boolean {
    const nowMs = this.#nowMs();
    const { atMs, pauses } = this.#watched(device);
    const recent = [...atMs, nowMs]
      .filter((at) => nowMs - at < busLimits.takeoverWindowMs)
      .slice(-busLimits.takeoversMax);
    const areTwo = pauses > 0 || recent.length >= busLimits.takeoversMax;
    const pauseMs = areTwo ? pauseAfter(pauses) : 0;
    this.#devices.set(device, {
      atMs: recent,
      pauses: areTwo ? pauses + 1 : 0,
      pausedUntilMs: nowMs + pauseMs,
      lastMs: nowMs,
    });
    return areTwo && pauses === 0;
  }

  /** Rule 3. */
  #watched(device: DeviceId): Watched {
    const watched = this.#devices.get(device) ?? nothingYet;
    if (this.#nowMs() - watched.lastMs < busLimits.takeoverForgetMs) return watched;
    this.#devices.delete(device);
    return nothingYet;
  }
}

function pauseAfter(pauses: number): number {
  const { takeoverPauseMsMin, takeoverPauseMsMax } = busLimits;
  // 2^7 s is above the limit; without the cap the power overflows to Infinity.
  return Math.min(takeoverPauseMsMax, takeoverPauseMsMin * 2 ** Math.min(pauses, 7));
}
