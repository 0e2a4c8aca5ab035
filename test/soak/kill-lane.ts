import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Sha256 } from "@modelfleet/protocol";
import type { AgentState } from "../../agent/src/domain/install/agent-state.ts";
import { gatedRelay } from "../support/agent/gated-relay.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import type { Random } from "../support/random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { endOf, startAgentProcess, versionServed } from "./agent-process.ts";
import { fallen, leftovers, readState } from "./device-disk.ts";

export type LaneOptions = {
  readonly random: Random;
  /** Whether one more round is to be begun. */
  readonly another: () => boolean;
  readonly cacheFolder: string;
  readonly killed: () => void;
};

export type LaneResult = {
  readonly bricks: readonly string[];
  readonly violations: readonly string[];
};

/** Share of starts that find no network. */
const offlineShare = 0.15;
/** Share of kills before anything answers. */
const earlyShare = 0.3;
const earlyMsMax = 700;
const servingMsMax = 700;
/** About as long as an order takes from the controller into the agent's state. */
const lateMsMax = 40;
const patience = { withinMs: 60_000, everyMs: 15 };

/**
 * One device whose agent is killed again and again, with SIGKILL at a random moment, while one release after the other is
 * ordered. After each kill, or each pair of kills of which the first came early:
 *
 * - the agent serves the release that was confirmed last, or a newer one, and answers rightly (I1, I3), also without
 *   network (I4); one that does not within a minute is a brick;
 * - nothing of what may not fall has fallen (I2).
 *
 * In the end the last release is confirmed and nothing is left over (I5).
 */
export async function killLane(options: LaneOptions): Promise<LaneResult> {
  await using folder = await temporaryFolder("modelfleet-soak-");
  await using controller = await miniController();
  await using broker = await gatedRelay(controller.brokerPort);
  await using http = await gatedRelay(Number(new URL(controller.controllerUrl).port));
  const data = join(folder.path, "device");
  await enrolledFolder(data, {
    brokerUrl: `mqtt://127.0.0.1:${broker.port}`,
    controllerUrl: `http://127.0.0.1:${http.port}`,
  });
  const orders = followingOrders(controller);
  const device = { data, orders, ...options };
  const setOnline = (online: boolean) => {
    broker.set(online);
    http.set(online);
  };
  try {
    return await killUntilDone(device, setOnline);
  } finally {
    orders.end();
  }
}

type Device = LaneOptions & { readonly data: string; readonly orders: Orders };

async function killUntilDone(
  device: Device,
  setOnline: (online: boolean) => void,
): Promise<LaneResult> {
  const { data, orders, random, another, cacheFolder, killed } = device;
  const bricks: string[] = [];
  const violations: string[] = [];
  let before: AgentState | undefined;
  let wasEarly = true;
  let running: ChildProcess | undefined;
  try {
    running = startAgentProcess(data, cacheFolder);
    await eventually(() => orders.confirmed() > 0, patience);
    while (bricks.length === 0 && another()) {
      running.kill("SIGKILL");
      await endOf(running);
      killed();
      const after = await readState(data);
      if (before !== undefined) violations.push(...fallen(before, after));
      before = after;
      const atLeast = orders.confirmed();
      setOnline(random.next() >= offlineShare);
      running = startAgentProcess(data, cacheFolder);
      wasEarly = !wasEarly && random.next() < earlyShare;
      if (wasEarly) await wait(random.below(earlyMsMax));
      else {
        bricks.push(...(await servesAtLeast(data, atLeast)));
        await wait(random.below(servingMsMax));
      }
    }
    setOnline(true);
    if (bricks.length === 0) violations.push(...(await endQuietly(device, running)));
    return { bricks, violations };
  } finally {
    running?.kill("SIGKILL");
  }
}

async function servesAtLeast(data: string, atLeast: number): Promise<string[]> {
  try {
    const version = await eventually(async () => (await versionServed(data)) ?? false, patience);
    const major = Number.parseInt(String(version), 10);
    return major >= atLeast ? [] : [`I1: ${version} serves, ${atLeast}.0.0 was confirmed`];
  } catch (cause) {
    return [`I1: nothing serves after ${patience.withinMs} ms: ${String(cause)}`];
  }
}

/** The last release is installed to its end; then the agent is asked to stop, while the same order comes once more. */
async function endQuietly(device: Device, agent: ChildProcess): Promise<string[]> {
  const { data, orders, random } = device;
  orders.stop();
  const isDone = await eventually(orders.isDone, patience).catch(() => false);
  // Its hello may tell the end of the last order before its runner has started again.
  const unserved = await servesAtLeast(data, orders.confirmed());
  // Its loop clears away what nothing needs before it rests; what it takes from then on leaves nothing.
  await eventually(async () => (await leftoversOfFiles(data)).length === 0).catch(() => false);
  void orders.repeat();
  await wait(random.below(lateMsMax));
  agent.kill("SIGTERM");
  const end = await endOf(agent);
  return [
    ...(isDone ? [] : ["I5: the last release was not installed"]),
    ...unserved,
    ...(end === 0 ? [] : [`the agent ended with ${end}`]),
    ...(await leftovers(data)),
  ];
}

async function leftoversOfFiles(data: string): Promise<string[]> {
  const all = await leftovers(data);
  return all.filter((text) => !/run\/|process/.test(text));
}

type Orders = ReturnType<typeof followingOrders>;

/**
 * As soon as a release is confirmed, the next one is published and ordered; the same when it was refused, as one is whose
 * trial was killed three times.
 */
function followingOrders(controller: Awaited<ReturnType<typeof miniController>>) {
  let ordered = 0;
  let confirmed = 0;
  /** The newest order that came to nothing. */
  let refusedLast = 0;
  let wanted: Sha256 | undefined;
  let isEnding = false;
  const next = () => {
    ordered += 1;
    const securityVersion = ordered;
    wanted = controller.release(`${ordered}.0.0`, { securityVersion }, ordered);
    controller.want(wanted);
    void controller.order();
  };
  const isDone = () => confirmed === ordered;
  const look = () => {
    // As a controller does: a step whose report was lost with the power shows in what the slots say.
    const slots = [controller.hellos.at(-1), controller.reports.at(-1)].flatMap(
      (told) => told?.slots ?? [],
    );
    for (const { active, refused } of slots) {
      confirmed = Math.max(confirmed, Number.parseInt(active?.version ?? "0", 10));
      if (refused.some(({ release }) => release === wanted)) refusedLast = ordered;
    }
    if (isDone() ? !isEnding : refusedLast === ordered) next();
  };
  next();
  const timer = setInterval(look, 10);
  return {
    /** The newest release that was confirmed, as far as the controller has heard. */
    confirmed: () => confirmed,
    /** No more releases after the next one that is confirmed. */
    stop: () => {
      isEnding = true;
    },
    isDone,
    /** The last order under a new number, as the answer to a hello is. */
    repeat: () => controller.order(),
    end: () => clearInterval(timer),
  };
}
