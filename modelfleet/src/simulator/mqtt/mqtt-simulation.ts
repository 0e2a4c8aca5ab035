import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type EmbeddedController,
  type LogEvent,
  openEmbedded,
} from "@modelfleet/controller/embedded";
import { parseConfig, startController } from "@modelfleet/controller/program";
import { type DeviceId, Release, Rollout, type Sha256 } from "@modelfleet/protocol";
import { addMembers, type SimulatedMember, simulatedMember } from "../add-members.ts";
import { EXAMPLE_MODEL, exampleForm } from "../example-release.ts";
import { type Judgement, judgeSimulation } from "../judge-simulation.ts";
import { isAtRest } from "../rest.ts";
import { simulatedKeys } from "../simulated-keys.ts";
import type { SimulationParts } from "../simulation-parts.ts";
import { SimulatorError } from "../simulator-error.ts";
import { StageTimes } from "../stage-times.ts";
import { FleetProcess } from "./fleet-process.ts";
import type { FleetAnswer, FleetWord } from "./fleet-words.ts";

const PROCESSES = 2;
const LOOK_EVERY_MS = 250;
const REAL_MS_MAX = 600_000;

export interface PlayedSimulation {
  readonly judgement: Judgement;
  readonly rollout: Rollout;
  readonly times: StageTimes;
}

/**
 * One rollout over devices with sockets of their own, in two processes, against a whole controller with its broker and
 * its API. Time is real. What is left is judged by the controller's own database, once it is closed.
 */
export async function playMqttSimulation(parts: SimulationParts): Promise<PlayedSimulation> {
  const { options, folder, realMs, progress } = parts;
  const times = new StageTimes({ nowMs: realMs, realMs });
  const hear = (event: LogEvent) => {
    const moment = times.hear(event);
    if (moment !== undefined) progress(`stage ${moment.stage + 1} ${event.event}`);
  };
  const defects: unknown[] = [];
  const onDefect = (error: unknown) => void defects.push(error);
  const data = join(folder, "controller");
  await mkdir(data, { mode: 0o700 });
  await withData(data, (before) => addMembers(before, { ...options, progress }));
  const controller = await startController(
    parseConfig({ data, dev: true, httpPort: "0", mqttPort: "0" }),
    { log: { info: hear, warn: hear, error: hear, fatal: onDefect }, onDefect },
  );
  let ended: EndedFleet;
  try {
    ended = await playOn(controller, parts);
  } finally {
    await controller.close();
  }
  if (defects.length > 0)
    throw new RangeError("the controller has a defect", { cause: defects[0] });
  const judgement = await withData(data, (left) => judgeSimulation({ ...ended, controller: left }));
  return { judgement, rollout: ended.rollout, times };
}

type Urls = Pick<Awaited<ReturnType<typeof startController>>, "httpUrl" | "mqttUrl">;

interface EndedFleet {
  readonly serving: ReadonlyMap<DeviceId, Sha256 | null>;
  readonly rollout: Rollout;
  readonly release: Sha256;
}

async function playOn(
  { httpUrl: url, mqttUrl }: Urls,
  parts: SimulationParts,
): Promise<EndedFleet> {
  const { options, plan, progress } = parts;
  const { devices, offline, awayMs, seed } = options;
  const root = await fetchRoot(url, simulatedMember(seed, 0));
  await using fleet = new AsyncDisposableStack();
  const processes = Array.from({ length: PROCESSES }, () => fleet.use(new FleetProcess()));
  const tell = (wordOf: (at: number) => FleetWord) =>
    Promise.all(processes.map((one, at) => one.tell(wordOf(at))));
  await tell((at) => ({
    ...{ do: "begin", brokerUrl: mqttUrl, root, seed, nature: options },
    from: Math.floor((devices * at) / PROCESSES),
    until: Math.floor((devices * (at + 1)) / PROCESSES),
  }));
  progress(`${devices} devices connected`);
  const version = "1.0.0";
  const published = await fetch(`${url}/v1/releases`, {
    method: "POST",
    body: await exampleForm(version),
  });
  const { release } = Release.parse(await bodyOf(published));
  const left = await tell(() => ({ do: "leave", offline, awayMs }));
  const away = left.reduce((sum, one) => sum + (one.said === "left" ? one.devices : 0), 0);
  if (away > 0) progress(`${away} devices left; they return within ${awayMs} ms`);
  const wish = { model: EXAMPLE_MODEL, version, plan };
  const { id } = Rollout.parse(await post(url, "/v1/rollouts", wish));
  const end = await untilRest({ url, id, devices, realMs: parts.realMs }, () =>
    tell(() => ({ do: "look" })),
  );
  return { ...end, release };
}

interface Rest {
  readonly url: string;
  readonly id: string;
  readonly devices: number;
  readonly realMs: () => number;
}

/** The rollout is at rest, and so is every device. @throws SimulatorError TIMEOUT */
async function untilRest(
  { url, id, devices, realMs }: Rest,
  look: () => Promise<readonly FleetAnswer[]>,
): Promise<Pick<EndedFleet, "rollout" | "serving">> {
  for (;;) {
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_EVERY_MS);
    });
    const rollout = Rollout.parse(await bodyOf(await fetch(`${url}/v1/rollouts/${id}`)));
    const seen = (await look()).filter((answer) => answer.said === "seen");
    const idle = seen.reduce((sum, one) => sum + one.idle, 0);
    if (isAtRest(rollout, Date.now()) && idle === devices) {
      return { rollout, serving: new Map(seen.flatMap((one) => one.serving)) };
    }
    if (realMs() > REAL_MS_MAX) {
      const stands = JSON.stringify(rollout.stages.map(({ funnel }) => funnel));
      throw new SimulatorError("TIMEOUT", `expected rest within ${REAL_MS_MAX} ms: ${stands}`);
    }
  }
}

/** Over the controller's own database, while nothing of it runs. */
async function withData<T>(
  data: string,
  task: (controller: EmbeddedController) => Promise<T>,
): Promise<T> {
  const nowMs = Date.now();
  const nobody = () => Promise.resolve();
  const silent = () => undefined;
  await using controller = await openEmbedded({
    ...{ file: join(data, "controller.sqlite"), blobFolder: join(data, "blobs") },
    bus: { publishDesired: nobody, publishAck: nobody, disconnect: nobody, expel: nobody },
    clock: {
      nowMs: () => nowMs,
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
      every: () => ({ [Symbol.dispose]: silent }),
    },
    keys: simulatedKeys("past the door", nowMs),
    log: { info: silent, warn: silent, error: silent },
    ...{ breathe: nobody, onDefect: silent },
  });
  return await task(controller);
}

/** Which every device would have got when it enrolled. @returns base64 */
async function fetchRoot(url: string, { id, secret }: SimulatedMember): Promise<string> {
  const login = Buffer.from(`${id}:${secret}`).toString("base64");
  const answer = await fetch(`${url}/v1/device/root/1`, {
    headers: { authorization: `Basic ${login}` },
  });
  if (answer.ok) return Buffer.from(await answer.arrayBuffer()).toString("base64");
  throw new SimulatorError("API", `the controller refused: ${await answer.text()}`);
}

function post(url: string, path: string, body: object): Promise<unknown> {
  return fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).then(bodyOf);
}

/** @throws SimulatorError API with the controller's own words */
async function bodyOf(answer: Response): Promise<unknown> {
  if (answer.ok) return answer.json();
  throw new SimulatorError("API", `the controller refused: ${await answer.text()}`);
}
