/** A process that holds a part of a simulated fleet, each device with a socket of its own; told what to do by its parent. */

import {
  decodeEnvelope,
  openPinnedRoot,
  sha256,
  type VerifiedRoot,
  verifySignatureNative,
} from "@modelfleet/protocol";
import { simulatedMember } from "../add-members.ts";
import { Chance } from "../chance.ts";
import { natureOf } from "../device/nature.ts";
import { SimulatedAgent } from "../device/simulated-agent.ts";
import type { FleetAnswer, FleetWord } from "./fleet-words.ts";
import { mqttLineFor, realTime } from "./mqtt-line.ts";

const CONNECTING_AT_ONCE = 16;
const LOOK_EVERY_MS = 20;

const agents: SimulatedAgent[] = [];

async function obey(word: FleetWord): Promise<FleetAnswer> {
  switch (word.do) {
    case "begin":
      await begin(word);
      return { said: "connected" };
    case "leave":
      return { said: "left", devices: leave(word) };
    case "look":
      return {
        said: "seen",
        idle: agents.filter(({ isIdle }) => isIdle).length,
        serving: agents.map(
          ({ identity, slot }) => [identity.id, slot.active?.release ?? null] as const,
        ),
      };
  }
}

async function begin({ root: text, ...word }: Begin): Promise<void> {
  const bytes = Buffer.from(text, "base64");
  const digest = sha256(decodeEnvelope(bytes).payload);
  const root = openPinnedRoot(bytes, digest, verifySignatureNative);
  for (let number = word.from; number < word.until; number++) {
    const agent = agentOf(word, number, root);
    agents.push(agent);
    agent.start();
    // The broker holds so many connections of one address that have not logged in.
    while (agents.filter(({ isConnected }) => !isConnected).length >= CONNECTING_AT_ONCE) {
      await pause();
    }
  }
  while (!agents.every(({ isIdle, desiredSeq }) => isIdle && desiredSeq > 0)) await pause();
}

type Begin = Extract<FleetWord, { do: "begin" }>;

function agentOf(
  { brokerUrl, seed, nature }: Omit<Begin, "root">,
  number: number,
  root: VerifiedRoot,
): SimulatedAgent {
  const { id, signer, secret } = simulatedMember(seed, number);
  const chance = new Chance(`${seed}/${id}`);
  const identity = { id, signer, secret, root };
  return new SimulatedAgent({
    ...{ identity, chance, nature: natureOf(nature, chance), time: realTime },
    lineTo: mqttLineFor(identity, brokerUrl),
  });
}

function leave({ offline, awayMs }: Extract<FleetWord, { do: "leave" }>): number {
  const chance = new Chance(`away of ${agents[0]?.identity.id}`);
  const away = agents.filter(() => chance.hits(offline));
  for (const agent of away) {
    agent.leave();
    realTime.after(chance.between(0, awayMs), () => agent.start());
  }
  return away.length;
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, LOOK_EVERY_MS);
  });
}

process.on("message", (word: FleetWord) => {
  void obey(word).then((answer) => process.send?.(answer));
});
// Nobody is there any more to tell it anything.
process.on("disconnect", () => process.exit());
