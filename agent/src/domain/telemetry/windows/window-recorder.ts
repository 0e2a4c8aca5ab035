import {
  type BitSource,
  digest8,
  type ReferenceProfile,
  type Sha256,
  type SlotName,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import type { Tensor } from "../../tensor.ts";
import { createErrorCounter } from "../counters/error-counter.ts";
import { createLatencyCounter } from "../counters/latency-counter.ts";
import { guardSketches, type SketchPrivacy } from "../privacy/guard-sketches.ts";
import { createSketchSet, nothingOpened, openRequest, tensorsNamedBy } from "./sketch-set.ts";

/*
 * Rules of a window.
 * 1. It holds one release in one slot: a recorder belongs to a release. Whoever changes the release closes it.
 * 2. It covers the multiple of `windowMs` (UTC) its first request fell into. It opens with that request, so an
 *    idle device makes no windows.
 * 3. It closes when the time has left it, in either direction; when it is full (requests or items); when told to.
 * 4. After an early close the next one starts at that moment, so windows of a recorder never overlap.
 * 5. Every request counts in `requests` and `latency`. Sketches hold answered requests only.
 */

/** Measures one release in one slot and cuts the measurements into windows. */
export interface WindowRecorder {
  readonly observe: (observation: Observation) => void;
  /** Closes the open window when its time is over. */
  readonly tick: (nowMs: number) => void;
  /** Closes the open window whatever its age; before another release takes over, and before the end. */
  readonly close: (nowMs: number) => void;
}

/** What a recorder measures, and where its windows go. `windowMs` lies within `telemetryLimits`. */
export interface WindowRecorderOptions {
  readonly slot: SlotName;
  readonly release: Sha256;
  /** The release's reference profile and the `sha256` of its file; null when it has none. */
  readonly profile: { readonly reference: ReferenceProfile; readonly digest: Sha256 } | null;
  readonly windowMs: number;
  /** Everything is told when absent. */
  readonly privacy?: SketchPrivacy;
  /** For the quantiles a profile asks for; there are none when absent. */
  readonly nextBit?: BitSource;
  readonly onClosed: (window: TelemetryWindow) => void;
}

/** One request and its outcome. */
export interface Observation {
  readonly inputs: readonly Tensor[];
  /** Empty when there was no answer. */
  readonly outputs: readonly Tensor[];
  /** Microseconds. */
  readonly latencyUs: number;
  /** Why there was no answer. */
  readonly errorCode?: string;
  readonly nowMs: number;
  /** Whether the device knows the time; assumed when absent. */
  readonly clockSynced?: boolean;
}

interface OpenWindow {
  readonly startMs: number;
  /** End of the multiple of `windowMs` it is in. */
  readonly endMs: number;
  lastMs: number;
  requests: number;
  items: number;
  clockSynced: boolean;
}

/** @throws RangeError when `windowMs` is outside `telemetryLimits` */
export function createWindowRecorder(options: WindowRecorderOptions): WindowRecorder {
  const { slot, profile, windowMs, privacy = everythingTold } = options;
  checkWindowMs(windowMs);
  const identity = {
    slot,
    release: digest8(options.release),
    profile: profile === null ? null : digest8(profile.digest),
  };
  const reference = profile?.reference ?? noProfile;
  const sketches = createSketchSet(reference, options.nextBit);
  const named = tensorsNamedBy(reference);
  const latency = createLatencyCounter();
  const errors = createErrorCounter();
  let open: OpenWindow | null = null;
  let closedAtMs = 0;

  function observe(observation: Observation): void {
    const { inputs, outputs, errorCode, nowMs } = observation;
    const answered = errorCode === undefined ? openRequest(named, inputs, outputs) : nothingOpened;
    tick(nowMs);
    if (open !== null && !hasRoom(open, answered.items)) close(nowMs);
    open ??= opened(nowMs, { windowMs, closedAtMs });
    open.lastMs = Math.max(open.lastMs, nowMs);
    open.requests++;
    open.items += answered.items;
    open.clockSynced &&= observation.clockSynced ?? true;
    latency.add(observation.latencyUs);
    if (errorCode !== undefined) errors.add(errorCode);
    sketches.add(answered);
    if (open.requests >= telemetryLimits.requestsPerWindowMax) close(nowMs);
  }

  function tick(nowMs: number): void {
    if (open === null) return;
    if (nowMs >= open.endMs) emit(open, open.endMs);
    // The clock was set back: how long the window really was is unknown beyond what it saw.
    else if (nowMs < open.startMs) emit(open, open.lastMs);
  }

  function close(nowMs: number): void {
    if (open === null) return;
    emit(open, Math.min(Math.max(nowMs, open.lastMs), open.endMs));
  }

  function emit(window: OpenWindow, untilMs: number): void {
    open = null;
    closedAtMs = untilMs;
    options.onClosed({
      ...identity,
      startMs: window.startMs,
      durationMs: untilMs - window.startMs,
      clockSynced: window.clockSynced,
      historical: false,
      requests: window.requests,
      errors: errors.take(),
      latency: latency.take(),
      items: window.items,
      ...guardSketches(sketches.take(), reference, privacy),
      // protocol.md 6.12: every answered request is looked at.
      sampleRate: 1,
      epsilon: profile === null ? null : (privacy.noise?.epsilon ?? null),
    });
  }

  return { observe, tick, close };
}

const everythingTold: SketchPrivacy = { isStrict: false, noise: null };

const noProfile: ReferenceProfile = { spec: 1, samples: 1, features: [], outputs: [] };

function checkWindowMs(windowMs: number): void {
  const { windowMsMin, windowMsMax } = telemetryLimits;
  if (Number.isInteger(windowMs) && windowMs >= windowMsMin && windowMs <= windowMsMax) return;
  throw new RangeError(`expected windowMs ${windowMsMin} to ${windowMsMax}, got ${windowMs}`);
}

function hasRoom(window: OpenWindow, items: number): boolean {
  return window.items + items <= telemetryLimits.itemsPerWindowMax;
}

function opened(
  nowMs: number,
  { windowMs, closedAtMs }: { readonly windowMs: number; readonly closedAtMs: number },
): OpenWindow {
  const alignedMs = Math.floor(nowMs / windowMs) * windowMs;
  // Rule 4. A close that lies ahead is of a clock that has been set back since.
  const resumesMs = closedAtMs > alignedMs && closedAtMs <= nowMs ? closedAtMs : alignedMs;
  return {
    startMs: resumesMs,
    endMs: alignedMs + windowMs,
    lastMs: nowMs,
    requests: 0,
    items: 0,
    clockSynced: true,
  };
}
