import { type AckMessage, busLimits, deviceTopics } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import type { DeviceBus } from "../../controller/src/ports/device-bus.ts";
import { runningMqttBus } from "../support/controller/running-mqtt-bus.ts";
import { eventually } from "../support/eventually.ts";
import { carelessBroker } from "../support/mqtt/careless-broker.ts";
import { PlainClient } from "../support/mqtt/plain-client.ts";
import { cam1, goodSecret, startTestBroker } from "../support/mqtt/test-broker.ts";

interface BusUnderTest extends AsyncDisposable {
  readonly bus: DeviceBus;
  readonly port: number;
  /** Stream and text of what came of the device. */
  readonly heard: () => readonly string[];
}

async function embedded(): Promise<BusUnderTest> {
  const server = await startTestBroker();
  const nameOf = (topic: (typeof server.received)[number]["topic"]) =>
    topic.kind === "stream" ? topic.stream : topic.kind;
  return {
    ...{ bus: server.broker, port: server.port },
    heard: () => server.received.map(({ topic, text }) => `${nameOf(topic)} ${text}`),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function external(): Promise<BusUnderTest> {
  const broker = await carelessBroker();
  const on = runningMqttBus(broker.url);
  await eventually(() => on.connections() === 1);
  return {
    ...{ bus: on.bus, port: broker.port },
    heard: () => on.heard.map((text) => text.replace(`${cam1} `, "")),
    [Symbol.asyncDispose]: async () => {
      await on[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

const topics = deviceTopics(cam1);

async function camera({ port }: BusUnderTest): Promise<PlainClient> {
  const login = { clientId: cam1, username: cam1, password: goodSecret };
  const client = await PlainClient.open({ port, ...login });
  if (client === undefined) throw new Error("expected to be let in");
  await client.subscribe(topics.desired);
  await client.subscribe(topics.ack);
  return client;
}

describe.each([
  { where: "a broker inside the controller", open: embedded },
  { where: "a broker of its own process", open: external },
])("the way to devices over $where", ({ open }) => {
  test("a document and an acknowledgement come to the device they are for, as they are", async () => {
    await using on = await open();
    await using device = await camera(on);
    const message: AckMessage = { v: 1, stream: "tele", boot: 3, seq: 4 };

    await on.bus.publishDesired(cam1, Buffer.from("a document"));
    await on.bus.publishAck(cam1, message);
    await eventually(() => device.messages.length === 2);

    expect(device.messages).toEqual([
      { topic: topics.desired, text: "a document", retain: false },
      { topic: topics.ack, text: JSON.stringify(message), retain: false },
    ]);
  });

  test("what goes to a device that is away is over at once", async () => {
    await using on = await open();

    await on.bus.publishDesired(cam1, Buffer.from("a document"));
    await on.bus.publishAck(cam1, { v: 1, stream: "tele", boot: 3, seq: 4 });
    await on.bus.disconnect(cam1);
    await on.bus.expel(cam1);

    await using device = await camera(on);
    await device.settled();
    expect(device.messages).toEqual([]);
  });

  test("the messages of a device come in the order it sends them", async () => {
    await using on = await open();
    await using device = await camera(on);
    const said = ["hello 0", ...Array.from({ length: 20 }, (_, at) => `report ${at}`), "tele 21"];

    for (const one of said) {
      const [stream = "", text = ""] = one.split(" ");
      await device.publish(stream === "hello" ? topics.up("hello") : topicOf(stream), text);
    }
    await eventually(() => on.heard().length >= said.length);

    expect(on.heard()).toEqual(said);
  });

  test.each([
    { what: "a stream nobody knows", topic: `mf/1/d/${cam1}/up/other`, text: "x" },
    { what: "a stream of no device", topic: "mf/1/d/CAM/up/tele", text: "x" },
    {
      what: "one byte more than a packet",
      topic: topics.up("tele"),
      text: "x".repeat(busLimits.packetBytesMax + 1),
    },
  ])("$what does not come, and what another connection says does", async ({ topic, text }) => {
    await using on = await open();
    await using device = await camera(on);

    await device.publish(topic, text);
    await using again = await camera(on);
    await eventually(async () => {
      await again.publish(topics.up("tele"), "after");
      return on.heard().length > 0;
    });

    expect(new Set(on.heard())).toEqual(new Set(["tele after"]));
  });

  test("a device that is to begin anew loses its connection, or is asked to say hello", async () => {
    await using on = await open();
    await using device = await camera(on);

    await on.bus.disconnect(cam1);

    const asked = () => device.messages.some(({ text }) => text.includes('"again":true'));
    await eventually(() => !device.isOpen || asked());
    expect(asked()).toBe(on.bus.mayLose === true);
  });
});

function topicOf(stream: string): string {
  return topics.up(stream === "report" ? "report" : "tele");
}
