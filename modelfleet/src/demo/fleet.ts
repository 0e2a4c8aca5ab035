import { join } from "node:path";
import { type CommandResult, type RunningProgram, runCommand, startProgram } from "./program.ts";

const START_MS_MAX = 30_000;

export interface Fleet {
  readonly controllerUrl: string;
  readonly devices: readonly FleetDevice[];
  /** Runs an operator's command against this fleet's controller and returns its --json answer. */
  readonly command: (...args: readonly string[]) => Promise<CommandResult>;
  readonly stop: () => Promise<void>;
}

export interface FleetDevice {
  readonly id: string;
  readonly socketPath: string;
  readonly program: RunningProgram;
}

export interface FleetOptions {
  readonly folder: string;
  readonly deviceIds: readonly string[];
  readonly say: (line: string) => void;
}

/** A controller and its agents, each a process of its own, on free ports of the loopback address. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const started: RunningProgram[] = [];
  const stopAll = async () => {
    for (const program of started.toReversed()) await program.stop();
  };
  try {
    options.say("modelfleet controller start --dev");
    const controller = startProgram([
      ...["controller", "start", "--dev", "--data", join(options.folder, "controller")],
      ...["--http-port", "0", "--mqtt-port", "0"],
    ]);
    started.push(controller);
    const listening = await controller.event("controller.listening", START_MS_MAX);
    const controllerUrl = String(listening["httpUrl"]);
    const command = (...args: readonly string[]) =>
      runCommand([...args, "--json"], { MODELFLEET_URL: controllerUrl });
    const devices: FleetDevice[] = [];
    for (const id of options.deviceIds) {
      devices.push(await startDevice(options, command, id, started));
    }
    return { controllerUrl, devices, command, stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function startDevice(
  options: FleetOptions,
  command: Fleet["command"],
  id: string,
  started: RunningProgram[],
): Promise<FleetDevice> {
  const claim = await command("claim", "create", "--class", "demo", "--label", "site=demo");
  const { enrolment } = Object(claim.answer) as { readonly enrolment?: unknown };
  if (typeof enrolment !== "string") throw new Error(`no enrolment string: ${claim.text}`);
  const data = join(options.folder, id);
  const enrolled = await runCommand(
    ["agent", "enrol", enrolment, "--data", data, "--device-id", id, "--class", "demo"],
    {},
  );
  if (enrolled.exitCode !== 0) throw new Error(`${id} could not enrol: ${enrolled.text}`);
  options.say(`modelfleet agent enrol 'mf1:…' --device-id ${id}   then   modelfleet agent start`);
  const program = startProgram([
    "agent",
    "start",
    "--data",
    data,
    "--window-ms",
    "2000",
    "--confirm-ms",
    "1500",
  ]);
  started.push(program);
  const ready = await program.event("agent.ready", START_MS_MAX);
  return { id, socketPath: String(ready["socketPath"]), program };
}
