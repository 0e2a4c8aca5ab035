import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { connectDevice } from "../support/mqtt/device-client.ts";
import {
  connectPacket,
  fixedHeader,
  publishPacket,
  rawConnection,
} from "../support/mqtt/raw-connection.ts";
import { goodSecret, startTestBroker } from "../support/mqtt/test-broker.ts";
import { seededRandom } from "../support/random.ts";

const ROUNDS = 10;
const CONNECTIONS_A_ROUND = 40;
const seed = Number(process.env["MODELFLEET_TEST_SEED"] ?? randomInt(2 ** 31));

/** Packets of every type with bodies that are mostly nonsense, and whole ones with bytes changed. */
function nonsense(random: () => number): Buffer {
  const bytes = (length: number) =>
    Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
  const kind = random();
  if (kind < 0.5) {
    const body = bytes(Math.floor(random() * 40));
    return Buffer.concat([fixedHeader(16 + Math.floor(random() * 224), body.length), body]);
  }
  const whole =
    kind < 0.75
      ? publishPacket("mf/1/d/cam-1/up/tele", bytes(20))
      : connectPacket("cam-1", goodSecret);
  const at = Math.floor(random() * whole.length);
  whole[at] = Math.floor(random() * 256);
  return whole;
}

test(`nonsense after and instead of a login never stops the broker (seed ${seed})`, async () => {
  const random = seededRandom(seed).next;
  await using server = await startTestBroker({ rules: { connectMsMax: 200 } });
  const talkNonsense = async (): Promise<void> => {
    await using connection = await rawConnection(server.port);
    const login = random() < 0.7 ? connectPacket("cam-1", goodSecret) : Buffer.alloc(0);
    const packets = Array.from({ length: 6 }, () => nonsense(random));
    connection.socket.end(Buffer.concat([login, ...packets]));
    await eventually(() => connection.socket.closed);
  };

  for (let round = 0; round < ROUNDS; round += 1) {
    await Promise.all(Array.from({ length: CONNECTIONS_A_ROUND }, talkNonsense));
  }

  await using device = await connectDevice(server.url);
  await device.client.publishAsync("mf/1/d/cam-1/up/hello", "still there", { qos: 1 });
  expect(device.client.connected).toBe(true);
});
