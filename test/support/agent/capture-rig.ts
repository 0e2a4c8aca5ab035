import { generateKeyPairSync, type KeyObject } from "node:crypto";
import {
  type CapturePolicy,
  captureLimits,
  DeviceId,
  mainSlot,
  type OutputProfile,
  openCapture,
  rawX25519PublicKey,
} from "@modelfleet/protocol";
import { CaptureKeeper } from "../../../agent/src/app/capture/capture-keeper.ts";
import type { CaptureConsent } from "../../../agent/src/domain/capture/consent.ts";
import { type DayLedger, emptyLedger } from "../../../agent/src/domain/capture/day-ledger.ts";
import type { StoreError } from "../../../agent/src/domain/store-error.ts";
import type { Tensor } from "../../../agent/src/domain/tensor.ts";
import type { CaptureStore, StoredCapture } from "../../../agent/src/ports/capture-store.ts";
import { rows } from "../telemetry/observations.ts";
import { classifier, threeClasses } from "./label-rig.ts";
import { manualClock, settled } from "./manual-clock.ts";

export const captureStartMs = Date.UTC(2026, 10, 21, 12);

/** A key of whoever may read captures, and what a policy says of it. */
export function recipientKey(): { readonly key: KeyObject; readonly recipient: string } {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  return {
    key: privateKey,
    recipient: Buffer.from(rawX25519PublicKey(publicKey)).toString("base64"),
  };
}

/** Captures on a disk that a test can fill, break and read; `files` by policy and name. */
export function capturesInMemory(): CaptureStore & {
  readonly files: Map<string, Uint8Array>;
  consented: CaptureConsent | null;
  kept: DayLedger | null;
  free: number;
  fault: StoreError | undefined;
} {
  const files = new Map<string, Uint8Array>();
  const keyOf = ({ policy, name }: StoredCapture) => `${policy}/${name}`;
  const store = {
    files,
    consented: null as CaptureConsent | null,
    kept: emptyLedger as DayLedger | null,
    free: 2 ** 40,
    fault: undefined as StoreError | undefined,
    consent: () => answer(store.consented),
    keepConsent: (consent: CaptureConsent) => {
      store.consented = consent;
      return Promise.resolve();
    },
    removeConsent: () => {
      store.consented = null;
      return Promise.resolve();
    },
    ledger: () => answer(store.kept),
    keepLedger: (ledger: DayLedger) => {
      store.kept = ledger;
      return answer(undefined);
    },
    put: async (capture: StoredCapture, bytes: Uint8Array) => {
      await answer(undefined);
      files.set(keyOf(capture), bytes);
    },
    list: () =>
      answer(
        [...files.keys()].map((path) => {
          const [policy = "", name = ""] = path.split("/");
          return { policy, name };
        }),
      ),
    remove: async (capture: StoredCapture) => {
      await answer(undefined);
      files.delete(keyOf(capture));
    },
    freeBytes: () => answer(store.free),
  };
  const answer = <T>(value: T): Promise<T> =>
    store.fault === undefined ? Promise.resolve(value) : Promise.reject(store.fault);
  return store;
}

/** A keeper that runs at a clock the test moves, before a release with this policy. */
export function captureRig(
  changes: Partial<CapturePolicy> = {},
  {
    chance = () => 0,
    profile = [threeClasses()],
  }: {
    readonly chance?: () => number;
    readonly profile?: readonly OutputProfile[];
  } = {},
) {
  const { key, recipient } = recipientKey();
  const capture: CapturePolicy = {
    ...{ id: "retrain", strategy: "random", level: 1, bytesPerDayMax: 1_000_000 },
    ...{ keepMs: 3_600_000, recipient },
    ...changes,
  };
  const store = capturesInMemory();
  const events: Record<string, unknown>[] = [];
  const note = (event: Record<string, unknown>) => void events.push(event);
  const manual = manualClock();
  let [aheadMs, serial, isDrifting] = [0, 0, false];
  const clock = {
    ...manual,
    nowMs: () => captureStartMs + manual.monotonicMs() + aheadMs,
    chance,
    randomBytes: (length: number) => {
      serial += 1;
      return new Uint8Array(length).fill(serial);
    },
  };
  const keeper = new CaptureKeeper({
    device: DeviceId.parse("cam-0017"),
    ...{ store, clock, log: { info: note, warn: note, error: note } },
    outputsOf: () => profile,
    isDrifting: () => isDrifting,
  });
  const { release, document } = classifier();
  const drift = { baseline: document.entry, capture };
  const staged = { release, document: { ...document, drift } };
  const stop = new AbortController();
  const done = keeper.run(stop.signal);
  return {
    ...{ keeper, store, events, clock, policy: capture, staged },
    /** The wall clock is set. */
    set: (ms: number) => {
      aheadMs += ms;
    },
    drifts: (does: boolean) => {
      isDrifting = does;
    },
    /** What the agent does at once is done. */
    settle: async () => {
      for (let turn = 0; turn < 40; turn++) await settled();
    },
    /** One request is answered, with these chances in each row. */
    answer: (y: readonly (readonly number[])[] = [[0.8, 0.1, 0.1]], inputs?: readonly Tensor[]) =>
      keeper.observe({
        ...{ slot: mainSlot, staged, id: "part 7", outputs: [rows("y", y)] },
        inputs: inputs ?? [rows("x", [[1, 2]]), rows("face", [[3, 4]])],
      }),
    opened: () => [...store.files.values()].map((file) => openCapture(file, key)),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await done;
    },
  };
}

/** Consented, and the keeper has seen it. */
export async function consentedRig(...given: Parameters<typeof captureRig>) {
  const rig = captureRig(...given);
  await rig.settle();
  rig.store.consented = { policies: "any" };
  await rig.clock.advance(captureLimits.lookMs);
  await rig.settle();
  return rig;
}
