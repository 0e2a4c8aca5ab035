import { metricsLimits, type SlotName } from "@modelfleet/protocol";

/** A release in a slot, by names the contract bounds: no text of an application gets into a label. */
export interface ReleaseLabels {
  readonly slot: SlotName;
  readonly model: string;
  readonly version: string;
}

/** What became of the requests that one release was asked. Counts since this agent began to count them. */
export interface RequestCounts extends ReleaseLabels {
  readonly succeeded: number;
  /** By the code of the failure. */
  readonly failed: ReadonlyMap<string, number>;
  /** From admission to the answer, in sum over those that succeeded. */
  readonly answeredMs: number;
}

interface Tally extends ReleaseLabels {
  succeeded: number;
  failed: Map<string, number>;
  answeredMs: number;
}

/**
 * Requests by release. Of each slot the last `releasesPerSlotMax` releases are kept: a device that is updated for years
 * must not collect a time series for each version it ever ran.
 */
export class RequestTally {
  /** By slot; the release that was asked last is the last. */
  readonly #slots = new Map<SlotName, Map<string, Tally>>();

  succeeded(labels: ReleaseLabels, tookMs: number): void {
    const tally = this.#of(labels);
    tally.succeeded += 1;
    tally.answeredMs += tookMs;
  }

  failed(labels: ReleaseLabels, code: string): void {
    const { failed } = this.#of(labels);
    failed.set(code, (failed.get(code) ?? 0) + 1);
  }

  counts(): readonly RequestCounts[] {
    return [...this.#slots.values()].flatMap((releases) => [...releases.values()]);
  }

  #of(labels: ReleaseLabels): Tally {
    const { slot, model, version } = labels;
    const key = `${model} ${version}`;
    const releases = this.#slots.get(slot);
    const known = releases?.get(key);
    if (releases === undefined || known === undefined) {
      return this.#open(key, { slot, model, version });
    }
    releases.delete(key);
    releases.set(key, known);
    return known;
  }

  #open(key: string, labels: ReleaseLabels): Tally {
    const releases = this.#slots.get(labels.slot) ?? new Map<string, Tally>();
    this.#slots.set(labels.slot, releases);
    const [unused] = releases.keys();
    if (releases.size >= metricsLimits.releasesPerSlotMax && unused !== undefined) {
      releases.delete(unused);
    }
    const tally = { ...labels, succeeded: 0, failed: new Map<string, number>(), answeredMs: 0 };
    releases.set(key, tally);
    return tally;
  }
}
