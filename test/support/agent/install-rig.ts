/**
 * A device's install loop on a real data folder, with a source and runners that a test steers.
 *
 * - `publish(version, options)`: a signed release whose files the source offers; returns its digest.
 * - `want(release, changes)`: delivers a signed desired document with the next number.
 * - `start()`: an agent start: reads the state from disk and runs the loop; `stop()` ends it (also a "kill": nothing is
 *   written at the end). Both may be repeated.
 * - `source`, `host`, `rules` (of the trial, 60 ms): knobs and counters; `steps()`: what was reported, as `version step code`;
 *   `held`: sequences of the documents it said to hold.
 */
import { join } from "node:path";
import {
  DesiredModel,
  DeviceFacts,
  mainSlot,
  modelDigest,
  ReleaseDocument,
  type ReportItem,
  type Sha256,
  sha256,
} from "@modelfleet/protocol";
import { systemClock } from "../../../agent/src/adapters/clock/system-clock.ts";
import { durableWriter } from "../../../agent/src/adapters/file-store/durable-write.ts";
import { openFileStore } from "../../../agent/src/adapters/file-store/file-store.ts";
import { nodeFs } from "../../../agent/src/adapters/file-store/node-fs.ts";
import { Installer } from "../../../agent/src/app/install/installer.ts";
import { ReleaseShelf } from "../../../agent/src/app/install/release-shelf.ts";
import { StateRecord } from "../../../agent/src/app/install/state-record.ts";
import { emptyState } from "../../../agent/src/domain/install/agent-state.ts";
import { defaultProbation } from "../../../agent/src/domain/install/probation.ts";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import type { Fs } from "../../../agent/src/ports/fs.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { eventually } from "../eventually.ts";
import {
  fixtureDevice,
  fixtureTimes,
  fleetRoot,
  signedDesired,
  signedRelease,
} from "../trust-fixtures.ts";
import { steeredHost } from "./steered-host.ts";
import { steeredSource } from "./steered-source.ts";

export type InstallRigOptions = {
  readonly folder: string;
  readonly fs?: Fs;
};

export function installRig({ folder, fs = nodeFs }: InstallRigOptions) {
  const root = fleetRoot();
  const source = steeredSource();
  const host = steeredHost();
  const reported: ReportItem[] = [];
  const held: number[] = [];
  const events: { readonly event: string }[] = [];
  const note = (event: { readonly event: string }) => void events.push(event);
  const rules = { ...defaultProbation, confirmMs: 60, judgedAnswersMin: 4 };
  let seq = 0;
  let serial = 0;
  let running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  let installer: Installer | undefined;
  let record: StateRecord | undefined;
  let router = newRouter();
  let wanted: readonly DesiredModel[] = [];

  async function start(): Promise<void> {
    const write = durableWriter(fs, () => ++serial);
    const store = await openFileStore({ fs, folder, write });
    const state = (await store.readState()) ?? emptyState({ version: 1, sha256: root.sha256 }, 0);
    record = new StateRecord(store, { ...state, boot: state.boot + 1 });
    await record.commit({ ...record.current() });
    router = newRouter();
    const shelf = new ReleaseShelf({ root, deviceClass: "cam-v2", store, source });
    installer = new Installer(
      {
        ...{ device: fixtureDevice, root, record, shelf, store, source, host },
        serving: router,
        facts: { read: () => Promise.resolve(deviceFacts), proved: () => undefined },
        clock: { ...systemClock, nowMs: () => fixtureTimes.nowMs },
        log: { info: note, warn: note, error: note },
        report: (item) => {
          if (item === undefined) held.push(record?.current().seq ?? 0);
          else reported.push(item);
          return Promise.resolve();
        },
        rules,
        admit: () => null,
        nonce: () => nonce,
        answered: () => undefined,
        needHello: () => undefined,
      },
      state.desiredSha256 === null ? [] : wanted,
    );
    const stop = new AbortController();
    running = { stop, done: installer.run(stop.signal) };
  }

  async function stop(): Promise<void> {
    running?.stop.abort();
    await running?.done;
    running = undefined;
  }

  function want(release: Sha256, changes: object = {}): Uint8Array {
    seq += 1;
    const entry = source.releases.get(release);
    const models = [
      { slot: "main", model: "digits", release, size: entry?.length ?? 1, activate: "now" },
    ];
    const { bytes } = signedDesired({ seq, nonce, models, ...changes });
    wanted = DesiredModel.array().parse(models);
    installer?.deliver(bytes);
    return bytes;
  }

  return {
    source,
    host,
    rules,
    reported,
    held,
    events,
    start,
    stop,
    want,
    deliver: (bytes: Uint8Array) => installer?.deliver(bytes),
    publish: (version: string, options: PublishOptions = {}) => publish(source, version, options),
    state: () => record?.current(),
    slot: () => record?.current().slots.find(({ slot }) => slot === mainSlot),
    serving: () => router.active(mainSlot),
    infer: () => router.infer({ slot: mainSlot, inputs: [], timeoutMs: 1_000 }),
    steps: () => reported.map(({ version, step, code }) => [version, step, code].join(" ").trim()),
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

const nonce = "AAECAwQFBgcICQoLDA0ODw==";

type PublishOptions = { readonly securityVersion?: number; readonly bytes?: number };

function publish(
  source: ReturnType<typeof steeredSource>,
  version: string,
  { securityVersion = 1, bytes = 3_000 }: PublishOptions,
): Sha256 {
  const content = Buffer.alloc(bytes, version);
  const digest = sha256(content);
  const files = ReleaseDocument.shape.files.parse([
    { path: "model.onnx", size: content.length, sha256: digest },
  ]);
  const changes = {
    ...{ model: "digits", version, securityVersion, files, digest: modelDigest(files) },
    selfTest: undefined,
  };
  const signed = signedRelease(changes);
  source.blobs.set(digest, content);
  source.releases.set(signed.sha256, signed.bytes);
  return signed.sha256;
}

const deviceFacts = DeviceFacts.parse({
  ...{ class: "cam-v2", target: "linux-x64-glibc", os: "linux", arch: "x64", node: "v24.0.0" },
  libc: { family: "glibc", version: "2.36" },
  ...{ cpuCores: 2, memoryMiB: 4_096, memoryAvailableMiB: 2_048, diskFreeMiB: 4_096 },
  ...{ runtimes: [], agentVersion: "0.1.0", protocol: 1 },
});

function newRouter(): Router<LoadedModel> {
  return new Router<LoadedModel>({ clock: systemClock });
}
