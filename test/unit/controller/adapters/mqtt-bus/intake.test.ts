import { busLimits, DeviceId, deviceTopics, FormatError, type UpTopic } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { Intake } from "../../../../../controller/src/adapters/mqtt-bus/intake.ts";
import { settled } from "../../../../support/agent/manual-clock.ts";
import { recordingLog } from "../../../../support/mqtt/recording-log.ts";

const cam1 = DeviceId.parse("cam-1");
const cam2 = DeviceId.parse("cam-2");

function setUp({ messagesMax = 1_000, receive = () => Promise.resolve() } = {}) {
  const taken: string[] = [];
  const asked: string[] = [];
  const log = recordingLog();
  const nameOf = (topic: UpTopic) => (topic.kind === "stream" ? topic.stream : "request");
  const intake = new Intake({
    ...{ log, messagesMax },
    askAgain: (device) => void asked.push(device),
    door: {
      receive: async (topic, payload) => {
        taken.push(`${topic.device} ${nameOf(topic)} ${Buffer.from(payload).toString("utf8")}`);
        await receive();
      },
    },
  });
  const say = (topic: string, text = "", retain = false) =>
    intake.take({ topic, payload: Buffer.from(text), retain });
  return { intake, taken, asked, log, say };
}

const up = deviceTopics(cam1).up;

test("a report is taken behind a hello of this subscription only, telemetry at any time", async () => {
  const { intake, taken, say } = setUp();

  say(up("report"), "before");
  say(up("tele"), "1");
  say(up("hello"));
  say(up("report"), "behind");
  say(deviceTopics(cam2).up("report"), "of another");
  intake.begin();
  say(up("report"), "on a new one");
  await settled();

  expect(taken).toEqual(["cam-1 tele 1", "cam-1 hello ", "cam-1 report behind"]);
  expect(intake.drops()).toEqual({ NO_HELLO: 3 });
});

test.each([
  { what: "a topic of nobody", topic: "mf/1/d/cam-1/up/secret", reason: "FOREIGN" },
  { what: "a device that is none", topic: "mf/1/d/CAM/up/tele", reason: "FOREIGN" },
  { what: "retained telemetry", topic: up("tele"), retain: true, reason: "RETAINED" },
  { what: "a retained hello", topic: up("hello"), retain: true, reason: "RETAINED" },
  {
    what: "more than a packet",
    topic: up("tele"),
    text: "x".repeat(busLimits.packetBytesMax + 1),
    reason: "TOO_LARGE",
  },
])("$what is dropped and counted", async ({ topic, text, retain, reason }) => {
  const { intake, taken, say } = setUp();

  say(topic, text, retain);
  await settled();

  expect(taken).toEqual([]);
  expect(intake.drops()).toEqual({ [reason]: 1 });
});

test("what is retained of presence is taken, and its end, which is our own word, is not", async () => {
  const { intake, taken, say } = setUp();

  say(up("online"), "here", true);
  say(up("online"), "");
  await settled();

  expect(taken).toEqual(["cam-1 online here"]);
  expect(intake.drops()).toEqual({});
});

test("a retained hello opens nothing", async () => {
  const { taken, say } = setUp();

  say(up("hello"), "", true);
  say(up("report"));
  await settled();

  expect(taken).toEqual([]);
});

test("a device with too many waiting messages is heard no more until it says hello, and is asked to", async () => {
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const { intake, taken, asked, say } = setUp({ receive: () => held });

  for (let count = 0; count <= busLimits.inboxMessagesMax; count += 1) say(up("tele"), `${count}`);
  letGo();
  await intake.drained();
  say(up("tele"), "unheard");
  await settled();
  const before = taken.length;
  say(up("hello"), "hello");
  say(up("tele"), "heard");
  await settled();

  expect(before).toBe(busLimits.inboxMessagesMax);
  expect(taken.slice(before)).toEqual(["cam-1 hello hello", "cam-1 tele heard"]);
  expect(asked).toEqual(["cam-1", "cam-1"]);
  expect(intake.drops()).toEqual({ INBOX_FULL: 2 });
});

test("the broker is read no further while as many as fit are under way", async () => {
  const held: (() => void)[] = [];
  const receive = () => new Promise<void>((resolve) => held.push(resolve));
  const { intake, say } = setUp({ messagesMax: 2, receive });
  const read: number[] = [];
  const next = () => intake.whenRoom(() => void read.push(1));

  say(up("tele"), "1");
  next();
  say(deviceTopics(cam2).up("tele"), "2");
  next();
  await settled();
  const whenFull = read.length;
  held[0]?.();
  await settled();

  expect(whenFull).toBe(1);
  expect(read).toHaveLength(2);
});

test("a message the application refuses is logged by its code, and the next one is taken", async () => {
  const receive = () => Promise.reject(new FormatError("FORMAT", "expected sense"));
  const { intake, log, taken, say } = setUp({ receive });

  say(up("tele"), "1");
  say(up("tele"), "2");
  await intake.drained();

  expect(taken).toHaveLength(2);
  expect(log.events).toContainEqual(
    expect.objectContaining({ event: "device.message-refused", device: "cam-1", reason: "FORMAT" }),
  );
});

test("a flood of drops is logged at powers of two", () => {
  const { log, say } = setUp();

  for (let count = 0; count < 1_000; count += 1) say("mf/1/d/cam-1/up/secret");

  expect(log.events.map(({ count }) => count)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
});
