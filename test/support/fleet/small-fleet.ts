import { join } from "node:path";
import { ClaimCreated, type Device, DeviceList } from "@modelfleet/protocol";
import type { z } from "zod";
import {
  type CommandResult,
  type Launch,
  type LogEvent,
  type RunningProgram,
  runCommand,
  startProgram,
} from "../../../modelfleet/src/demo/program.ts";
import { runHere } from "./run-here.ts";

const START_MS_MAX = 30_000;

export type TestController = {
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly url: string;
  readonly program: RunningProgram;
  /** Runs an operator's command with --json and checks its answer. */
  readonly command: <Schema extends z.ZodType>(
    schema: Schema,
    ...args: readonly string[]
  ) => Promise<z.infer<Schema>>;
  /** The same, for commands that are expected to fail. */
  readonly attempt: (...args: readonly string[]) => Promise<CommandResult>;
};

export type ControllerOptions = {
  readonly data: string;
  readonly httpPort?: number;
  readonly mqttPort?: number;
  readonly publicUrl?: string;
  readonly publicMqttUrl?: string;
  /** Of `controller start`. */
  readonly flags?: readonly string[];
};

/** A controller as a process of its own, in --dev, on free ports unless told otherwise. */
export async function startController(options: ControllerOptions): Promise<TestController> {
  const args = [
    ...["controller", "start", "--dev", "--data", options.data],
    ...["--http-port", String(options.httpPort ?? 0), "--mqtt-port", String(options.mqttPort ?? 0)],
    ...(options.publicUrl === undefined ? [] : ["--public-url", options.publicUrl]),
    ...(options.publicMqttUrl === undefined ? [] : ["--public-mqtt-url", options.publicMqttUrl]),
    ...(options.flags ?? []),
  ];
  const { program, said: listening } = await startUntil("controller.listening", args);
  const url = String(listening["httpUrl"]);
  const attempt = (...args: readonly string[]) =>
    runHere([...args, "--json"], { MODELFLEET_URL: url });
  return {
    httpPort: Number(new URL(url).port),
    mqttPort: Number(new URL(String(listening["mqttUrl"])).port),
    url,
    program,
    attempt,
    command: async (schema, ...args) => {
      const result = await attempt(...args);
      const parsed = schema.safeParse(result.answer);
      if (parsed.success) return parsed.data;
      throw new Error(`modelfleet ${args.join(" ")} answered ${result.exitCode}: ${result.text}`);
    },
  };
}

export type TestAgent = {
  readonly id: string;
  readonly data: string;
  readonly socketPath: string;
  readonly program: RunningProgram;
};

/** Enrols a device with a fresh claim, made with these flags. */
export async function enrolAgent(
  controller: TestController,
  id: string,
  data: string,
  ...flags: readonly string[]
): Promise<void> {
  const created = await controller.command(ClaimCreated, "claim", "create", ...flags);
  const enrolled = await runCommand(
    ["agent", "enrol", created.enrolment, "--data", data, "--device-id", id],
    {},
  );
  if (enrolled.exitCode !== 0) throw new Error(`${id} could not enrol: ${enrolled.text}`);
}

/** Starts an enrolled agent; resolves when its local API answers. */
export async function startAgent(
  id: string,
  data: string,
  launch: Launch = {},
): Promise<TestAgent> {
  const args = ["agent", "start", "--data", data, "--window-ms", "1000", "--confirm-ms", "500"];
  const { program, said: ready } = await startUntil("agent.ready", args, launch);
  return { id, data, socketPath: String(ready["socketPath"]), program };
}

/** Starts a program; resolves when it says this. One that does not is ended, as nobody else can. */
export async function startUntil(
  event: string,
  args: readonly string[],
  launch: Launch = {},
): Promise<{ readonly program: RunningProgram; readonly said: LogEvent }> {
  const program = startProgram(args, launch);
  try {
    return { program, said: await program.event(event, START_MS_MAX) };
  } catch (cause) {
    await program.stop("SIGKILL");
    throw cause;
  }
}

/** A controller, started with these flags, and one running agent under one folder. */
export async function startPair(
  folder: string,
  ...flags: readonly string[]
): Promise<{ controller: TestController; agent: TestAgent }> {
  const controller = await startController({ data: join(folder, "controller"), flags });
  try {
    await enrolAgent(controller, "device-1", join(folder, "device-1"));
    const agent = await startAgent("device-1", join(folder, "device-1"));
    return { controller, agent };
  } catch (cause) {
    await controller.program.stop();
    throw cause;
  }
}

export async function deviceOf(controller: TestController, id: string): Promise<Device> {
  const list = await controller.command(DeviceList, "device", "list");
  const device = list.devices.find((candidate) => candidate.id === id);
  if (device === undefined) throw new Error(`expected device ${id} in the fleet`);
  return device;
}
