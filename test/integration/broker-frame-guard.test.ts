import { busLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { closeOf, connectDevice } from "../support/mqtt/device-client.ts";
import {
  connectPacket,
  fixedHeader,
  publishPacket,
  rawConnection,
} from "../support/mqtt/raw-connection.ts";
import { goodSecret, startTestBroker } from "../support/mqtt/test-broker.ts";

const PUBLISH = 0x30;

const refusals = [
  {
    what: "a first packet that is no CONNECT",
    bytes: Buffer.from([0xc0, 0]),
    reason: "CONNECT_EXPECTED",
  },
  {
    what: "a CONNECT that claims 256 MiB",
    bytes: fixedHeader(0x10, 268_435_455),
    reason: "CONNECT_TOO_LARGE",
  },
  {
    what: "a CONNECT one byte above its limit",
    bytes: fixedHeader(0x10, busLimits.connectPacketBytesMax - 2),
    reason: "CONNECT_TOO_LARGE",
  },
  {
    what: "a length of five digits",
    bytes: Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 1]),
    reason: "MALFORMED_LENGTH",
  },
  { what: "packet type 0", bytes: Buffer.from([0x00, 0]), reason: "MALFORMED_LENGTH" },
  { what: "packet type 15", bytes: Buffer.from([0xf0, 0]), reason: "MALFORMED_LENGTH" },
  {
    what: "an HTTP request",
    bytes: Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    reason: "CONNECT_EXPECTED",
  },
];

test.each(refusals)("$what is cut off with reason $reason", async ({ bytes, reason }) => {
  await using server = await startTestBroker();
  await using stranger = await rawConnection(server.port);

  stranger.socket.write(bytes);

  await eventually(() => stranger.socket.closed);
  expect(server.log.events).toContainEqual(
    expect.objectContaining({ event: "connection.refused", reason }),
  );
});

test("a CONNECT of exactly its limit is read", async () => {
  await using server = await startTestBroker();
  await using stranger = await rawConnection(server.port);
  const plain = connectPacket("cam-1", "").length;
  // The length of a packet this size takes two digits instead of one.
  const packet = connectPacket("cam-1", "", busLimits.connectPacketBytesMax - plain - 1);
  expect(packet).toHaveLength(busLimits.connectPacketBytesMax);

  stranger.socket.write(packet);

  await eventually(() => server.log.events.some(({ event }) => event === "device.login-refused"));
});

test("a packet above 128 KiB is cut off by its header alone, one of 128 KiB arrives", async () => {
  await using server = await startTestBroker();
  await using device = await rawConnection(server.port);
  const topic = "mf/1/d/cam-1/up/tele";
  const overhead = publishPacket(topic, Buffer.alloc(100_000)).length - 100_000;
  const largest = publishPacket(topic, Buffer.alloc(busLimits.packetBytesMax - overhead));
  expect(largest).toHaveLength(busLimits.packetBytesMax);
  device.socket.write(connectPacket("cam-1", goodSecret));
  device.socket.write(largest);
  await eventually(() => server.received.length === 1);

  device.socket.write(fixedHeader(PUBLISH, busLimits.packetBytesMax - 3));

  await eventually(() => device.socket.closed);
  expect(server.log.events).toContainEqual(
    expect.objectContaining({ event: "connection.refused", reason: "PACKET_TOO_LARGE" }),
  );
});

test("packets that arrive byte by byte are read like whole ones", async () => {
  await using server = await startTestBroker();
  await using device = await rawConnection(server.port);
  device.socket.setNoDelay(true);
  const bytes = Buffer.concat([
    connectPacket("cam-1", goodSecret),
    publishPacket("mf/1/d/cam-1/up/hello", Buffer.from("x".repeat(200))),
    publishPacket("mf/1/d/cam-1/up/report", Buffer.from("second")),
  ]);

  for (const byte of bytes) {
    await new Promise((resolve) => device.socket.write(Buffer.from([byte]), resolve));
  }

  await eventually(() => server.received.length === 2);
  expect(server.received.map(({ text }) => text)).toEqual(["x".repeat(200), "second"]);
});

test("what follows the CONNECT in the same bytes waits for the login and then arrives", async () => {
  await using server = await startTestBroker();
  await using device = await rawConnection(server.port);
  const hello = publishPacket("mf/1/d/cam-1/up/hello", Buffer.from("early"));

  device.socket.write(Buffer.concat([connectPacket("cam-1", goodSecret), hello, hello]));

  await eventually(() => server.received.length === 2);
});

test("a publish behind a refused login reaches nobody", async () => {
  await using server = await startTestBroker();
  await using device = await rawConnection(server.port);
  const hello = publishPacket("mf/1/d/cam-1/up/hello", Buffer.from("early"));

  device.socket.write(Buffer.concat([connectPacket("cam-1", "wrong"), hello]));

  await eventually(() => device.socket.closed);
  expect(server.received).toEqual([]);
});

test("a socket that says nothing is cut off in time", async () => {
  await using server = await startTestBroker({ rules: { connectMsMax: 100 } });
  await using silent = await rawConnection(server.port);

  await eventually(() => silent.socket.closed);

  expect(server.log.events).toContainEqual(
    expect.objectContaining({ event: "connection.refused", reason: "LOGIN_TOO_SLOW" }),
  );
});

test("a socket that sends its CONNECT drop by drop is cut off in time", async () => {
  await using server = await startTestBroker({ rules: { connectMsMax: 100 } });
  await using slow = await rawConnection(server.port);

  slow.socket.write(connectPacket("cam-1", goodSecret).subarray(0, 10));

  await eventually(() => slow.socket.closed);
});

test("who is logged in is not cut off by the time for the login", async () => {
  await using server = await startTestBroker({ rules: { connectMsMax: 300 } });
  await using device = await connectDevice(server.url);
  await using silent = await rawConnection(server.port);
  await eventually(() => silent.socket.closed);

  await device.client.publishAsync("mf/1/d/cam-1/up/hello", "x", { qos: 1 });

  expect(device.client.connected).toBe(true);
});

test("the 65th unauthenticated socket of an address is closed, and a place given back is free again", async () => {
  await using server = await startTestBroker();
  await using stack = new AsyncDisposableStack();
  const sockets = [];
  for (let count = 0; count < busLimits.pendingConnectionsPerAddressMax; count += 1) {
    sockets.push(stack.use(await rawConnection(server.port)));
  }
  const oneMore = stack.use(await rawConnection(server.port));
  await eventually(() => oneMore.socket.closed);

  await sockets[0]?.[Symbol.asyncDispose]();

  await eventually(async () => {
    await using device = await connectDevice(server.url);
    return device.client.connected;
  });
});

test("a publish above the rate is delayed and never lost", async () => {
  const startMs = Date.now();
  await using server = await startTestBroker();
  await using device = await rawConnection(server.port);
  const extra = 10;
  const count = busLimits.publishBurstMax + extra;
  device.socket.write(connectPacket("cam-1", goodSecret));

  for (let index = 0; index < count; index += 1) {
    device.socket.write(publishPacket("mf/1/d/cam-1/up/tele", Buffer.from(String(index))));
  }

  await eventually(() => server.received.length === count);
  expect(Date.now() - startMs).toBeGreaterThan(
    (extra - 1) * (1_000 / busLimits.publishesPerSecondMax),
  );
  expect(server.received.map(({ text }) => Number(text))).toEqual([...Array(count).keys()]);
});

test("a stopped clock holds every publish after the burst back", async () => {
  await using server = await startTestBroker({ nowMs: () => 0 });
  await using device = await connectDevice(server.url);
  const closed = closeOf(device.client);

  for (let index = 0; index <= busLimits.publishBurstMax; index += 1) {
    device.client.publish("mf/1/d/cam-1/up/tele", String(index), { qos: 0 });
  }

  await eventually(() => server.received.length === busLimits.publishBurstMax);
  await server.broker[Symbol.asyncDispose]();
  await closed;
  expect(server.received).toHaveLength(busLimits.publishBurstMax);
});

test("coming back does not give a device a fresh burst", async () => {
  await using server = await startTestBroker({ nowMs: () => 0 });
  const publish = async (count: number): Promise<void> => {
    await using device = await connectDevice(server.url);
    const before = server.received.length;
    for (let index = 0; index < count; index += 1) {
      device.client.publish("mf/1/d/cam-1/up/tele", String(index), { qos: 0 });
    }
    await eventually(() => server.received.length === before + count);
  };
  await publish(busLimits.publishBurstMax - 1);
  await publish(1);

  await using device = await connectDevice(server.url);
  device.client.publish("mf/1/d/cam-1/up/tele", "one too many", { qos: 0 });
  await using other = await connectDevice(server.url, { id: "cam-2" });
  await other.client.publishAsync("mf/1/d/cam-2/up/tele", "of another", { qos: 1 });

  await eventually(() => server.received.at(-1)?.text === "of another");
  expect(server.received).toHaveLength(busLimits.publishBurstMax + 1);
});
