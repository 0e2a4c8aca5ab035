import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { mainSlot } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import type { Fs } from "../../agent/src/ports/fs.ts";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** An install of 2.0.0 where 1.0.0 serves. */
type Install = {
  readonly changes?: object;
  readonly prepare: (rig: InstallRig) => void;
  /** Once 1.0.0 is confirmed. */
  readonly proven?: (rig: InstallRig) => void;
  readonly ends: "confirmed" | "refused";
};

const resource = { swap: { memory: "resource" } };

/** Memory for one runner at a time. */
function short(rig: InstallRig): void {
  rig.host.taking.modelMiB = 100;
  rig.device.memoryAvailableMiB = 64 + 140;
}

const installs: readonly (readonly [string, Install])[] = [
  ["a swap in place", { changes: resource, prepare: short, ends: "confirmed" }],
  [
    "a swap in place that is refused",
    {
      changes: resource,
      prepare: (rig) => {
        short(rig);
        rig.host.refusals.set("2.0.0", "LOAD_FAILED");
      },
      ends: "refused",
    },
  ],
  [
    "a rehearsal and a deferral",
    {
      changes: {
        swap: {
          shadow: { sharePercent: 100, comparisons: 1, maxMs: 1_000 },
          canary: { weightPercent: 50, answers: 1, maxMs: 1_000 },
        },
      },
      prepare: () => undefined,
      proven: (rig) => void rig.deferrals.defer(mainSlot, 400),
      ends: "confirmed",
    },
  ],
];

/** A few at a time: they mostly wait. */
const together = 8;

test.each(installs)(
  "S12: an agent killed at any moment of %s serves at once what it has confirmed, and finishes unaided",
  async (_, install) => {
    const survived: number[] = [];
    let next = 1;
    const work = async () => {
      for (;;) {
        const moment = next++;
        if (!(await survives(moment, install))) return;
        survived.push(moment);
      }
    };

    await Promise.all(Array.from({ length: together }, work));

    expect(survived.length).toBeGreaterThan(12);
  },
  60_000,
);

/** @returns false when the install was over before that moment */
async function survives(moment: number, install: Install): Promise<boolean> {
  let moments = Number.NEGATIVE_INFINITY;
  const heard = () => {
    moments += 1;
    if (moments === moment) rig.kill();
  };
  await using folder = await temporaryFolder();
  await using rig: InstallRig = installRig({ folder: folder.path, heard, fs: heardFs(heard) });
  rig.rules.confirmMs = 10;
  install.prepare(rig);
  await confirmed(rig, "1.0.0");
  install.proven?.(rig);
  await using application = askSteadily(rig);
  const release = rig.publish("2.0.0", { changes: install.changes ?? {} });
  moments = 0;
  const order = rig.want(release);
  await eventually(() => moments >= moment || isOver(rig, install));
  if (moments < moment) return false;

  const loads = rig.host.loads.length;
  await rig.start();
  const active = rig.slot()?.active?.version;
  await eventually(() => rig.host.loads.length > loads);
  expect(rig.host.loads[loads]).toBe(active);
  // Orders are retained: the broker delivers it again.
  rig.deliver(order);
  await eventually(() => isOver(rig, install));
  await application.stop();

  expect(rig.state()?.transitions).toBe(0);
  const left = rig.host.models.filter((model) => !model.stopped());
  expect(left.map((model) => model.staged.document.version)).toEqual([rig.slot()?.active?.version]);
  expect(rig.serving()).toBe(left[0]);
  expect((await rig.infer()).model).toBe(left[0]);
  expect(await readdir(join(folder.path, "partial"))).toEqual([]);
  return true;
}

function isOver(rig: InstallRig, { ends }: Install): boolean {
  const slot = rig.slot();
  const running = rig.host.models.filter((model) => !model.stopped());
  if (slot?.trial !== null || running.length !== 1) return false;
  if (ends === "confirmed") return slot.active?.version === "2.0.0";
  return slot.active?.version === "1.0.0" && rig.state()?.blocked.length === 1;
}

/** Real files; told before each that is made or changed, the state record among them. */
function heardFs(heard: () => void): Fs {
  return {
    ...nodeFs,
    open: (path, mode) => {
      if (mode.kind !== "read") heard();
      return nodeFs.open(path, mode);
    },
  };
}

/** An application that asks all the time; whether it is answered is not its matter here. */
function askSteadily(rig: InstallRig) {
  const over = new AbortController();
  const asking = (async () => {
    while (!over.signal.aborted) {
      await rig.infer().catch(() => undefined);
      await wait(5);
    }
  })();
  const stop = () => {
    over.abort();
    return asking;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}
