import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { BodyRoom } from "../../../../agent/src/adapters/local-api/body-room.ts";
import { readBody } from "../../../../agent/src/adapters/local-api/read-body.ts";
import { eventually } from "../../../support/eventually.ts";
import { type Random, seededRandom } from "../../../support/random.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const seed = Date.now() % 2 ** 32;

/** Bodies as they were read; a refused one is its reason. */
const read: (Buffer | string)[] = [];
const limits = { bytesMax: 16 * MIB, room: new BodyRoom(256 * MIB) };
const server = createServer((request, response) => {
  void readTo(request).then(() => response.end("ok"));
});

async function readTo(request: IncomingMessage): Promise<void> {
  try {
    read.push(await readBody(request, limits));
  } catch (error) {
    read.push(String(error));
  }
}

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
beforeEach(() => {
  read.splice(0);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function dial(): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => undefined).resume();
  await once(socket, "connect");
  return socket;
}

function announced(body: Buffer): Buffer {
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function inChunks(body: Buffer): Buffer {
  const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const half = body.length >> 1;
  const parts = [body.subarray(0, half), body.subarray(half)].flatMap((part) => [
    Buffer.from(`${part.length.toString(16)}\r\n`),
    part,
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([Buffer.from(head), ...parts, Buffer.from("0\r\n\r\n")]);
}

test(`bodies of any size and form on one connection stay what they were, and so does what others hold (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const pattern = (length: number) => Buffer.alloc(length, randomBytes(257, random));
  const lengths = [10, 64 * KIB, 64 * KIB + 1, 200 * KIB, 3 * MIB, 4 * MIB, 4 * MIB + 1, 6 * MIB];
  const sent = [...lengths, ...lengths].map(pattern);
  // Small buffers of Node.js lie in one slab with others.
  const others = sent.map((body, i) => Buffer.from(`${i} ${body.length}`));
  const socket = await dial();
  const cut = await dial();

  cut.write(announced(pattern(2 * MIB)).subarray(0, MIB));
  socket.write(Buffer.concat(sent.map((body, i) => (i % 3 === 2 ? inChunks : announced)(body))));
  await eventually(() => read.length === sent.length, { withinMs: 20_000 });
  cut.destroy();
  await eventually(() => read.length === sent.length + 1);
  socket.destroy();

  // What was given back is soon somebody else's.
  const next = Array.from({ length: 256 }, () => Buffer.alloc(64 * KIB, 0xee));
  expect(next).toHaveLength(256);
  const bodies = read.filter((body) => typeof body !== "string");
  expect(bodies.map((body, i) => body.equals(sent[i] ?? Buffer.alloc(0)))).toEqual(
    sent.map(() => true),
  );
  expect(others.map(String)).toEqual(sent.map((body, i) => `${i} ${body.length}`));
  expect(read.at(-1)).toContain("expected the whole body, got a closed connection");
});

function randomBytes(length: number, random: Random): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}
