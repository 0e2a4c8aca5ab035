import {
  DeviceFacts,
  mainSlot,
  type ReportItem,
  type Sha256,
  verifySignature,
} from "@modelfleet/protocol";
import { readWhole } from "../../../../agent/src/adapters/file-store/whole-file.ts";
import { Installer } from "../../../../agent/src/app/install/installer.ts";
import { ReleaseShelf } from "../../../../agent/src/app/install/release-shelf.ts";
import { SwapDeferrals } from "../../../../agent/src/app/install/swap-deferrals.ts";
import { DownloadError } from "../../../../agent/src/domain/download-error.ts";
import { defaultProbation } from "../../../../agent/src/domain/install/probation.ts";
import { Router } from "../../../../agent/src/domain/serving/router.ts";
import { openDataFolder } from "../../../../agent/src/open-data-folder.ts";
import type { BlobSource } from "../../../../agent/src/ports/blob-source.ts";
import type { Fs } from "../../../../agent/src/ports/fs.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import { fixtureTimes } from "../../trust-fixtures.ts";
import { manualClock, settled } from "../manual-clock.ts";
import { steeredHost } from "../steered-host.ts";
import { type CrashWorld, dataFolder, worldNonce } from "./crash-world.ts";

const blobBytesMax = 1024 * 1024;
let starts = 0;

export type CrashAgent = Awaited<ReturnType<typeof startCrashAgent>>;

/**
 * One start of the agent on a disk of the test's: the folder is opened and the install loop runs as in `runAgent`, with
 * runners that check what they are given. Nothing waits for real time: when `settled` comes back, all is done that
 * can be done before the clock moves.
 */
export async function startCrashAgent(fs: Fs, world: CrashWorld) {
  starts += 1;
  const ownPid = starts;
  const events: { readonly event: string; readonly code?: unknown }[] = [];
  const note = (event: { readonly event: string }) => void events.push(event);
  const log = { info: note, warn: note, error: note };
  const time = manualClock();
  const clock = {
    ...{ monotonicMs: time.monotonicMs, sleep: time.sleep, turn: time.turn },
    nowMs: () => fixtureTimes.nowMs + time.monotonicMs(),
    chance: () => 0,
    randomBytes: (length: number) => new Uint8Array(length),
  };
  let isOnline = true;
  const source = switched(world.source, () => isOnline);
  const reported: ReportItem[] = [];
  const processes = {
    ownPid,
    identityOf: (pid: number) => Promise.resolve(pid === ownPid ? "this start" : undefined),
  };
  const spare = () => Promise.resolve(undefined);
  const folder = await openDataFolder(dataFolder, { log, fs, processes, spare, verify });
  const { record, store } = folder;
  const host = steeredHost(
    async (path) => (await readWhole(fs, path, blobBytesMax)) ?? new Uint8Array(),
  );
  const router = new Router<LoadedModel>({ clock });
  const installer = new Installer(
    {
      ...{ record, store, source, host, clock, log },
      shelf: new ReleaseShelf({ record, deviceClass: "cam-v2", store, source }),
      admit: () => null,
      ...{
        rehearse: () => null,
        deferrals: new SwapDeferrals({ clock, log, decided: ignore }),
        locks: { current: () => folder.locked },
        askDesired: ignore,
        memoryMiB: null,
      },
      rules: { ...defaultProbation, confirmMs: 0 },
      serving: router,
      facts: { read: () => Promise.resolve(deviceFacts), proved: () => undefined },
      report: (item) => {
        if (item !== undefined) reported.push(item);
        return Promise.resolve();
      },
      nonces: () => [worldNonce],
      ...{ answered: ignore, needHello: ignore, rootAdopted: ignore, refused: ignore },
    },
    folder.wanted,
  );
  const stop = new AbortController();
  let defect: unknown;
  const done = installer.run(stop.signal).catch((cause: unknown) => {
    defect = cause;
  });
  return {
    ...{ host, record, events, reported },
    setOnline: (online: boolean) => {
      isOnline = online;
    },
    deliver: (order: Uint8Array) => installer.deliver(order),
    serving: (): Sha256 | undefined => router.active(mainSlot)?.staged.release,
    /** Everything done that can be done within so much time. */
    settle: async (ms = 0) => {
      await settled();
      for (let passed = 0; passed < ms; passed += stepMs) await time.advance(stepMs);
    },
    /** What no agent may do: end by itself. */
    defect: () => defect,
    stop: async () => {
      stop.abort();
      await done;
      await folder.release();
    },
  };
}

const stepMs = 1_000;

/** Most of what a start costs here: the same few documents are verified again and again. */
const verdicts = new Map<string, boolean>();

function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = [publicKey, message, signature].map((part) => Buffer.from(part).toString("latin1"));
  const known = verdicts.get(key.join("|"));
  if (known !== undefined) return known;
  const verdict = verifySignature(publicKey, message, signature);
  verdicts.set(key.join("|"), verdict);
  return verdict;
}

/** A source that is not reached while the device is offline. */
function switched(source: BlobSource, isOnline: () => boolean): BlobSource {
  const offline = () => Promise.reject(new DownloadError("UNREACHABLE", "offline"));
  return {
    release: (...given) => (isOnline() ? source.release(...given) : offline()),
    root: (...given) => (isOnline() ? source.root(...given) : offline()),
    fill: (file, into, options) =>
      isOnline() ? fillInTwoTries(source, file, into, options) : offline(),
  };
}

/** Every fresh download begins with bytes that turn out to be wrong, as from a server whose file has changed. */
const fillInTwoTries: (
  source: BlobSource,
  ...given: Parameters<BlobSource["fill"]>
) => Promise<void> = async (source, file, into, options) => {
  if (into.haveBytes() === 0) {
    await into.append(new Uint8Array(700));
    await into.restart();
  }
  await source.fill(file, into, options);
};

const deviceFacts = DeviceFacts.parse({
  ...{ class: "cam-v2", target: "linux-x64-glibc", os: "linux", arch: "x64", node: "v24.0.0" },
  libc: { family: "glibc", version: "2.36" },
  ...{ cpuCores: 2, memoryMiB: 4_096, memoryAvailableMiB: 2_048, diskFreeMiB: 4_096 },
  runtimes: [
    { id: "onnxruntime-node", version: "1.23.2", providers: ["cpu"], opsetMax: 23, irMax: 11 },
  ],
  ...{ agentVersion: "0.1.0", protocol: 1 },
});

function ignore(): void {
  // Told to the controller; nobody listens here.
}
