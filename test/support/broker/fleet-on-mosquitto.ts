import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClaimCreated } from "@modelfleet/protocol";
import type { z } from "zod";
import { runCommand } from "../../../modelfleet/src/demo/program.ts";
import { eventually } from "../eventually.ts";
import { runHere } from "../fleet/run-here.ts";
import { startUntil } from "../fleet/small-fleet.ts";
import { freePort } from "../free-port.ts";
import { serverCertificate } from "./certificates.ts";
import { MortalMosquitto, readable } from "./mortal-mosquitto.ts";

const patience = { withinMs: 30_000, everyMs: 100 };

/**
 * As docs/operations.md says to begin: a controller that is told of a broker which is not there yet, the configuration it
 * writes for it, and then the broker. All over TLS with client certificates.
 */
export async function fleetOnMosquitto(folder: string) {
  const [brokerFolder, port] = [join(folder, "mosquitto"), await freePort()];
  const server = await serverCertificate();
  await mkdir(brokerFolder);
  await writeFile(join(brokerFolder, "server.pem"), server.cert);
  await writeFile(join(brokerFolder, "server.key"), server.key);
  const ca = join(brokerFolder, "server.pem");
  const { program, said } = await startUntil("controller.listening", [
    ...["controller", "start", "--dev", "--data", join(folder, "controller"), "--http-port", "0"],
    ...["--broker-url", `mqtts://127.0.0.1:${port}`, "--broker-ca", ca],
  ]);
  const url = String(said["httpUrl"]);
  const attempt = (...args: readonly string[]) =>
    runHere([...args, "--json"], { MODELFLEET_URL: url });
  const isReady = async () => (await fetch(`${url}/health/ready`)).ok;
  const broker = new MortalMosquitto(join(brokerFolder, "mosquitto.conf"), port);
  const writeRights = async () => {
    const place = ["--folder", brokerFolder, "--listen", "127.0.0.1", "--port", String(port)];
    const what = ["broker-config", "--for", "mosquitto", "--no-enrol", "--out", brokerFolder];
    const { exitCode, text } = await attempt(...what, ...place);
    if (exitCode !== 0) throw new Error(text);
    await readable(folder).catch(() => undefined);
    await readable(brokerFolder);
  };
  const wasReadyAlone = await isReady();
  await writeRights();
  await broker.start();
  await eventually(isReady, patience);
  return {
    ...{ broker, program, url, wasReadyAlone, isReady, writeRights },
    command: async <Schema extends z.ZodType>(schema: Schema, ...args: readonly string[]) => {
      const { exitCode, answer, text } = await attempt(...args);
      const parsed = schema.safeParse(answer);
      if (parsed.success) return parsed.data;
      throw new Error(`modelfleet ${args.join(" ")} answered ${exitCode}: ${text}`);
    },
    /** Enrols over HTTP, and starts it. */
    agent: async (id: string) => {
      const data = join(folder, id);
      const claim = await attempt("claim", "create");
      const { enrolment } = ClaimCreated.parse(claim.answer);
      const enrol = ["agent", "enrol", enrolment, "--data", data, "--device-id", id];
      const { exitCode, text } = await runCommand(enrol, {});
      if (exitCode !== 0) throw new Error(text);
      const fast = ["--window-ms", "1000", "--confirm-ms", "500", "--mqtt-ca", ca];
      const agent = await startUntil("agent.ready", ["agent", "start", "--data", data, ...fast]);
      return { program: agent.program, socketPath: String(agent.said["socketPath"]) };
    },
    [Symbol.asyncDispose]: async () => {
      await program.stop();
      await broker[Symbol.asyncDispose]();
    },
  };
}

export type FleetOnMosquitto = Awaited<ReturnType<typeof fleetOnMosquitto>>;
