/**
 * A device's install loop on a real data folder, with a source and runners that a test steers.
 *
 * - `publish(version, options)`: a signed release whose files the source offers; returns its digest.
 * - `want(release, changes)`: delivers a signed desired document with the next number.
 * - `start()`: an agent start: reads the state from disk and runs the loop; `stop()` ends it, `kill()` as SIGKILL does: at
 *   once, its runners with it, and nothing that it was about to do is done. All may be repeated. `heard` is told each event.
 * - `rotate(keys, changes)`: offers the next root; `chain` signs documents and releases by its keys from then on.
 * - `time`: wall clock and uptime, moved by the test. `hello.nonce`: of the unanswered hello; `hellos`: why others were said.
 * - `device.memoryAvailableMiB`: before any runner; each takes `host.taking.modelMiB` of it. `deferrals`: what applications say.
 * - `source`, `host`, `rules` (of the trial, 60 ms): knobs and counters; `steps()`: what was reported, as `version step code`;
 *   `held`: sequences of the documents it said to hold.
 */
import { join } from "node:path";
import { mainSlot, type ReportItem, type Sha256 } from "@modelfleet/protocol";
import { systemClock } from "../../../agent/src/adapters/clock/system-clock.ts";
import { durableWriter } from "../../../agent/src/adapters/file-store/durable-write.ts";
import { openFileStore } from "../../../agent/src/adapters/file-store/file-store.ts";
import { nodeFs } from "../../../agent/src/adapters/file-store/node-fs.ts";
import { updateLockFile } from "../../../agent/src/adapters/file-store/update-lock-file.ts";
import { DeviceLock } from "../../../agent/src/app/install/device-lock.ts";
import type { InstallParts } from "../../../agent/src/app/install/install-parts.ts";
import { Installer } from "../../../agent/src/app/install/installer.ts";
import { ReleaseShelf } from "../../../agent/src/app/install/release-shelf.ts";
import { StateRecord } from "../../../agent/src/app/install/state-record.ts";
import { SwapDeferrals } from "../../../agent/src/app/install/swap-deferrals.ts";
import { endedGaps } from "../../../agent/src/app/install/told-runtimes.ts";
import { TrustWatch } from "../../../agent/src/app/trust-watch.ts";
import { defaultProbation } from "../../../agent/src/domain/install/probation.ts";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import { firstState, readRoot, readWanted } from "../../../agent/src/open-data-folder.ts";
import type { Holds } from "../../../agent/src/ports/deferral.ts";
import type { Fs } from "../../../agent/src/ports/fs.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import type { UpdateLocks } from "../../../agent/src/ports/update-lock.ts";
import { wireRehearsal } from "../../../agent/src/wiring/wire-rehearsal.ts";
import { eventually } from "../eventually.ts";
import {
  desiredDocument,
  fixtureDevice,
  fixtureTimes,
  fleetRoot,
  signDocument,
} from "../trust-fixtures.ts";
import { mortal } from "./mortal.ts";
import { publisher } from "./publisher.ts";
import { rootChain } from "./root-chain.ts";
import { steeredFacts } from "./steered-facts.ts";
import { steeredHost } from "./steered-host.ts";
import { steeredSource } from "./steered-source.ts";

export type InstallRigOptions = {
  readonly folder: string;
  readonly fs?: Fs;
  readonly admit?: InstallParts["admit"];
  readonly rehearse?: InstallParts["rehearse"];
  readonly memoryMiB?: number;
  readonly heard?: (event: string) => void;
};

export function installRig(options: InstallRigOptions) {
  const { folder, fs = nodeFs, admit = () => null, memoryMiB = null } = options;
  const anchor = fleetRoot();
  const chain = rootChain();
  const source = steeredSource();
  const host = steeredHost();
  const { reported, held, report } = reportBook(() => record);
  const { events, log } = eventBook(options.heard);
  const refused: string[] = [];
  const rules = { ...defaultProbation, confirmMs: 60, judgedAnswersMin: 4 };
  const { time, clock } = steeredClock();
  const hello: { nonce: string | null } = { nonce: firstNonce };
  const hellos: string[] = [];
  const watch = new TrustWatch(clock, log);
  let deferrals = newDeferrals();
  const { device, facts } = steeredFacts(host);
  let seq = 0;
  let serial = 0;
  let running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  let life = mortal();
  let installer: Installer | undefined;
  let record: StateRecord | undefined;
  let router = newRouter();
  let locks: DeviceLock | undefined;

  async function start(): Promise<void> {
    life = mortal();
    const disk = life.lend(fs);
    const write = durableWriter(disk, () => ++serial);
    const store = await openFileStore({ fs: disk, folder, write });
    const before = (await store.readState()) ?? firstState(anchor);
    const state = { ...before, boot: before.boot + 1 };
    const root = await readRoot(store, state, { anchor, log });
    deferrals = newDeferrals();
    record = new StateRecord(store, state, { device: fixtureDevice, root });
    await record.commit({ ...state });
    router = new Router<LoadedModel>({ clock, observer: (seen) => rehearsal.observe(seen) });
    const ring = () => installer?.ring();
    const rehearsal = wireRehearsal({ serving: router, record, rules, clock, ring });
    const { rehearse = rehearsal.parts.rehearse } = options;
    await disk.makeFolder(join(folder, "trust"), 0o700);
    const updateLock = updateLockFile({ fs: disk, folder, write });
    const locked = await updateLock.read();
    locks = new DeviceLock({ store: updateLock, clock, log, changed: ring }, locked);
    const shelf = new ReleaseShelf({ record, deviceClass: "cam-v2", store, source });
    installer = new Installer(
      {
        ...{ record, shelf, store, source, clock, rules, admit },
        ...{ host: life.lend(host), log: life.lend(log) },
        ...{ ...rehearsal.parts, rehearse },
        ...{ deferrals, memoryMiB, locks },
        askDesired: () => void hellos.push("asked"),
        facts,
        report: life.lend({ report }).report,
        nonces: () => (hello.nonce === null ? [] : [hello.nonce]),
        answered: () => watch.fresh(),
        needHello: () => void hellos.push("needed"),
        rootAdopted: () => void hellos.push("root adopted"),
        refused: (refusal) => {
          refused.push(refusal.code);
          watch.refused(refusal);
        },
      },
      await readWanted(store, record),
    );
    const stop = new AbortController();
    running = { stop, done: installer.run(stop.signal) };
  }

  function kill(): void {
    life.end();
    running?.stop.abort();
    running = undefined;
    for (const model of host.models) void model.stop();
  }

  function newDeferrals(): SwapDeferrals {
    return new SwapDeferrals({ clock, log, decided: () => installer?.ring() });
  }

  async function stop(): Promise<void> {
    running?.stop.abort();
    await running?.done;
    running = undefined;
  }

  function want(release: Sha256, changes: object = {}): Uint8Array {
    seq += 1;
    const document = orderOf({ seq, release, size: source.releases.get(release)?.length ?? 1 });
    const bytes = signDocument({ ...document, ...changes }, [chain.keys().online]);
    installer?.deliver(bytes);
    return bytes;
  }

  return {
    ...{ source, host, rules, device, time, hello, hellos, refused, watch, chain },
    ...{ reported, held, events, start, stop, kill, want },
    deferrals: holdsOf(() => deferrals),
    locks: locksOf(() => locks),
    /** The wall clock was set. */
    look: () => installer?.ring(),
    deliver: (bytes: Uint8Array) => installer?.deliver(bytes),
    ...publisher(source, chain),
    state: () => record?.current(),
    faults: () => record?.faults(),
    slot: () => record?.current().slots.find(({ slot }) => slot === mainSlot),
    slots: () => installer?.slots(),
    gaps: () => installer && endedGaps(installer.runtimes()),
    serving: () => router.active(mainSlot),
    infer: () => router.infer({ slot: mainSlot, inputs: [], timeoutMs: 1_000 }),
    steps: () => reported.map(stepOf),
    blobPath: (digest: string) => join(folder, "blobs", digest),
    [Symbol.asyncDispose]: stop,
  };
}

export type InstallRig = ReturnType<typeof installRig>;

/** Publishes a release, orders it, and waits until it is confirmed. */
export async function confirmed(rig: InstallRig, version: string, securityVersion = 1) {
  const release = rig.publish(version, { securityVersion });
  if (rig.state() === undefined) await rig.start();
  rig.want(release);
  await eventually(() => rig.slot()?.active?.release === release);
  return release;
}

const firstNonce = "AAECAwQFBgcICQoLDA0ODw==";

/** Its log; `heard` is told each event. */
function eventBook(heard: (event: string) => void = () => undefined) {
  const events: { readonly event: string }[] = [];
  const note = (event: { readonly event: string }) => {
    events.push(event);
    heard(event.event);
  };
  return { events, log: { info: note, warn: note, error: note } };
}

/** Wall clock as the test sets it; uptime goes on by itself, and as the test adds to it. */
function steeredClock() {
  const time = { nowMs: fixtureTimes.nowMs, uptimeMs: 0 };
  const clock = {
    ...systemClock,
    nowMs: () => time.nowMs,
    monotonicMs: () => systemClock.monotonicMs() + time.uptimeMs,
  };
  return { time, clock };
}

/** What the device told, and the sequences of the documents it said to hold. */
function reportBook(record: () => StateRecord | undefined) {
  const reported: ReportItem[] = [];
  const held: number[] = [];
  const report = (item?: ReportItem): Promise<void> => {
    if (item === undefined) held.push(record()?.current().seq ?? 0);
    else reported.push(item);
    return Promise.resolve();
  };
  return { reported, held, report };
}

function newRouter(): Router<LoadedModel> {
  return new Router<LoadedModel>({ clock: systemClock });
}

function orderOf({ seq, release, size }: { seq: number; release: Sha256; size: number }) {
  const models = [{ slot: "main", model: "digits", release, size, activate: "now" }];
  return desiredDocument({ seq, nonce: firstNonce, models });
}

function stepOf({ version, step, code }: ReportItem): string {
  return [version, step, code].join(" ").trim();
}

/** Of the agent that runs now. */
function holdsOf(now: () => Holds): Holds {
  return {
    defer: (slot, recheckAfterMs) => now().defer(slot, recheckAfterMs),
    deny: (slot, release, reason) => now().deny(slot, release, reason),
    status: (slot) => now().status(slot),
  };
}

function locksOf(now: () => UpdateLocks | undefined): UpdateLocks {
  const held = (): UpdateLocks => {
    const locks = now();
    if (locks === undefined) throw new TypeError("expected a started agent");
    return locks;
  };
  return {
    current: () => held().current(),
    lock: (reason) => held().lock(reason),
    unlock: () => held().unlock(),
  };
}
