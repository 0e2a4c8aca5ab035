import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  DeviceId,
  enrolClientId,
  mayPublish,
  maySubscribe,
  parseEnrolTopic,
  parseUpTopic,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { asyncApi } from "../../../tools/async-api.ts";
import { schemaFiles, schemaFolder } from "../../../tools/protocol-schemas.ts";
import { staleFiles } from "../../../tools/stale-files.ts";

const root = join(import.meta.dirname, "../../..");
const device = DeviceId.parse("cabinet-7");
const enrolling = enrolClientId("0123456789abcdef".repeat(2));
const { channels, operations } = asyncApi(root);
const topics = Object.entries(channels).map(([name, { address }]) => {
  const operation = operations[name];
  if (operation === undefined) throw new TypeError(`expected an operation of ${name}`);
  const { action, bindings } = operation;
  const { qos, retain } = bindings.mqtt;
  const topic = address.replace("{device}", device).replace("{client}", enrolling);
  const client = address.includes("{client}") ? enrolling : device;
  return { name, address, action, qos, retain, topic, client };
});
const received = topics.filter(({ action }) => action === "receive");
const sent = topics.filter(({ action }) => action === "send");
const ofDevices = received.filter(({ client }) => client === device);

describe("the AsyncAPI document", () => {
  test.each(ofDevices)("$name is a topic the controller understands", ({ name, topic }) => {
    const meaning = parseUpTopic(topic);

    expect(meaning?.kind === "request" ? meaning.operation : meaning?.stream).toBe(name);
  });

  test("a device that enrols asks on a topic the controller understands", () => {
    const asked = received.filter(({ client }) => client === enrolling);

    expect(asked.map(({ topic }) => parseEnrolTopic(topic))).toEqual([enrolling]);
  });

  test.each(
    received,
  )("$name may be published by its device, retained or not as it says", (channel) => {
    expect(mayPublish(channel.client, channel.topic, false)).toBe(true);
    expect(mayPublish(channel.client, channel.topic, true)).toBe(channel.retain);
    expect(mayPublish(DeviceId.parse("cabinet-8"), channel.topic, false)).toBe(false);
  });

  test.each(sent)("$name may be listened to by a device and not published by it", (channel) => {
    expect(maySubscribe(channel.client, channel.topic)).toBe(true);
    expect(mayPublish(channel.client, channel.topic, false)).toBe(false);
  });

  test("says of every topic what docs/protocol.md 2 says of it", () => {
    const table = readFileSync(join(root, "docs/protocol.md"), "utf8").matchAll(
      /^\| `(mf\/[^`]+)` \| (device|controller) →[^|]+\| (\d) \| (yes|no) \|/gm,
    );
    const written = Array.from(table, ([, address, from, qos, retain]) => ({
      address: address?.replace("{id}", "{device}"),
      action: from === "device" ? "receive" : "send",
      qos: Number(qos),
      retain: retain === "yes",
    }));

    const generated = topics.map(({ address, action, qos, retain }) => ({
      address,
      action,
      qos,
      retain,
    }));
    expect(new Set(generated)).toEqual(new Set(written));
  });

  test("refers to schemas that are there", () => {
    const names = schemaFiles(root).map(({ path }) => path);
    const references = JSON.stringify(channels).matchAll(/"\$ref":"\.\/([^"]+)"/g);
    const referred = Array.from(references, ([, name]) => `${schemaFolder}/${name ?? ""}`);

    expect(referred.length).toBeGreaterThan(5);
    expect(referred.filter((path) => !names.includes(path))).toEqual([]);
  });
});

test("protocol/schema is as the contract says; otherwise npm run generate makes it so", () => {
  const { changed, left } = staleFiles(root, schemaFiles(root), [schemaFolder]);

  expect([...changed.map(({ path }) => path), ...left]).toEqual([]);
});
