import { join } from "node:path";
import { ClaimCreated, demoLimits } from "@modelfleet/protocol";
import { DemoError } from "./demo-error.ts";
import { DRIFT_CELL_MS } from "./drift-cell.ts";
import { type CommandResult, type RunningProgram, runCommand, startProgram } from "./program.ts";

export interface Fleet {
  readonly devices: readonly FleetDevice[];
  /**
   * Runs an operator's command against this fleet's controller; `answer` is what it says with --json.
   * Resolves for an exit code above 0 too, when the answer is of that form (a refused deployment).
   *
   * @throws DemoError COMMAND_FAILED with the command's own sentence
   */
  readonly ask: <T>(answer: AnswerForm<T>, ...args: readonly string[]) => Promise<T>;
  /** The same for people: the lines it prints. @throws DemoError COMMAND_FAILED */
  readonly show: (...args: readonly string[]) => Promise<readonly string[]>;
  /** Rejects when one of the programs ends although nobody asked it to. @throws DemoError PROGRAM_ENDED */
  readonly broken: Promise<never>;
  readonly stop: () => Promise<void>;
}

/** What the contract says an answer looks like. */
export interface AnswerForm<T> {
  readonly safeParse: (
    answer: unknown,
  ) => { readonly success: true; readonly data: T } | { readonly success: false };
}

export interface FleetDevice {
  readonly id: string;
  readonly socketPath: string;
}

export interface FleetOptions {
  readonly folder: string;
  readonly devices: readonly { readonly id: string; readonly site: string }[];
  readonly say: (line: string) => void;
  /** Once aborted, everything is stopped and the start rejects with its reason. */
  readonly signal: AbortSignal;
}

/** A controller and its agents, each a process of its own, on free ports of the loopback address. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const programs = new Programs();
  try {
    options.say(`modelfleet controller start --dev --drift-window ${DRIFT_CELL_MS}ms`);
    const controller = programs.start("the controller", [
      ...["controller", "start", "--dev", "--data", join(options.folder, "controller")],
      ...["--http-port", "0", "--mqtt-port", "0", "--drift-window", `${DRIFT_CELL_MS}ms`],
    ]);
    const { programStartMsMax } = demoLimits;
    const listening = await controller.event("controller.listening", programStartMsMax);
    const commands = commandsOf(programs, String(listening["httpUrl"]));
    const devices: FleetDevice[] = [];
    for (const device of options.devices) {
      options.signal.throwIfAborted();
      devices.push(await startDevice({ ...options, programs, ask: commands.ask }, device));
    }
    return { ...commands, devices, broken: programs.broken, stop: () => programs.stop() };
  } catch (error) {
    await programs.stop();
    throw error;
  }
}

/** Every process of the fleet; they are ended in the reverse order of their start. */
class Programs {
  readonly broken: Promise<never>;
  readonly #started: RunningProgram[] = [];
  #fail: (error: DemoError) => void = () => undefined;
  readonly #stopping = new AbortController();

  constructor() {
    this.broken = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever starts the fleet hears of it by `event`; only then is anybody listening here.
    this.broken.catch(() => undefined);
  }

  start(name: string, args: readonly string[]): RunningProgram {
    const program = startProgram(args);
    this.#started.push(program);
    void program.ended.then((lastWords) => {
      if (this.#stopping.signal.aborted) return;
      const came = `expected ${name} to run on, but it ended; it said last:\n${lastWords}`;
      this.#fail(new DemoError("PROGRAM_ENDED", came));
    });
    return program;
  }

  /** A command that is under way when everything stops is ended too, and rejects. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    return runCommand(args, env, this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const program of this.#started.toReversed()) await program.stop();
  }
}

function commandsOf(programs: Programs, controllerUrl: string): Pick<Fleet, "ask" | "show"> {
  const run = (args: readonly string[]) => programs.run(args, { MODELFLEET_URL: controllerUrl });
  return {
    ask: async (answer, ...args) => {
      const result = await run([...args, "--json"]);
      const parsed = answer.safeParse(result.answer);
      if (parsed.success) return parsed.data;
      throw failed(args, result.text);
    },
    show: async (...args) => {
      const result = await run(args);
      if (result.exitCode !== 0) throw failed(args, result.text);
      return result.output.trimEnd().split("\n");
    },
  };
}

interface DeviceStart extends FleetOptions, Pick<Fleet, "ask"> {
  readonly programs: Programs;
}

async function startDevice(
  { folder, say, programs, ask }: DeviceStart,
  { id, site }: FleetOptions["devices"][number],
): Promise<FleetDevice> {
  const claim = ["claim", "create", "--class", "demo", "--label", `site=${site}`];
  const { enrolment } = await ask(ClaimCreated, ...claim);
  const data = join(folder, id);
  const identity = ["--data", data, "--device-id", id, "--class", "demo"];
  const enrolled = await programs.run(["agent", "enrol", enrolment, ...identity]);
  if (enrolled.exitCode !== 0) throw failed(["agent", "enrol", "mf1:…"], enrolled.text);
  say(`modelfleet agent enrol 'mf1:…' --device-id ${id}   then   modelfleet agent start`);
  const program = programs.start(`the agent ${id}`, [
    ...["agent", "start", "--data", data, "--window-ms", "2500", "--confirm-ms", "1500"],
  ]);
  const ready = await program.event("agent.ready", demoLimits.programStartMsMax);
  return { id, socketPath: String(ready["socketPath"]) };
}

function failed(args: readonly string[], text: string): DemoError {
  const said = text.trim() === "" ? "nothing" : text.trim();
  return new DemoError("COMMAND_FAILED", `modelfleet ${args.join(" ")} failed; it said: ${said}`);
}
