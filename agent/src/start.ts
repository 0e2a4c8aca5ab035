import { parseConfig, type StartOptions } from "./config.ts";
import { readLocalMqtt } from "./local-mqtt.ts";
import { createLog } from "./log.ts";
import { readMqttTls } from "./mqtt-tls.ts";
import { runAgent } from "./run-agent.ts";
import { spareMemory } from "./spare-memory.ts";
import type { Machine } from "./wiring/agent-run.ts";

/** What a start needs of the process it runs in. */
export interface StartingProcess {
  readonly machine: Machine;
  readonly output: Parameters<typeof createLog>[0];
  readonly engine: Parameters<typeof spareMemory>[0];
}

/**
 * The command `start`. All that a supervisor needs comes with this one file, so that a package holds it in few files: for
 * each that is loaded Node takes paths apart, and does so often enough to wake V8's last compiler (docs/decisions/0009).
 *
 * @param untilAsked called when everything is read; the agent runs until its signal aborts
 */
export async function start(
  options: StartOptions,
  { machine, output, engine }: StartingProcess,
  untilAsked: () => AbortSignal,
): Promise<void> {
  const config = {
    ...parseConfig(options),
    mqttTls: await readMqttTls(options),
    localMqtt: await readLocalMqtt(options),
  };
  const run = { config, machine, log: createLog(output) };
  await runAgent({ ...run, asked: spareMemory(engine) }, untilAsked());
}
