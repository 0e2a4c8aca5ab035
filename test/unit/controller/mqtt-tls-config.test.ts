import { expect, test } from "vitest";
import { parseConfig } from "../../../controller/src/config.ts";

const pair = { mqttTlsCert: "server.pem", mqttTlsKey: "server.key" };
const files = { certificateFile: "server.pem", keyFile: "server.key" };

test("without a flag the broker speaks plain TCP", () => {
  expect(parseConfig({}).mqttTls).toBeUndefined();
});

test.each([
  { flags: pair, clients: { kind: "secret" } },
  { flags: { ...pair, mqttClientCa: "auto" }, clients: { kind: "own-authority" } },
  {
    flags: { ...pair, mqttClientCa: "ca.pem" },
    clients: { kind: "authority", file: "ca.pem" },
  },
])("with $flags devices log in by $clients.kind", ({ flags, clients }) => {
  expect(parseConfig(flags).mqttTls).toEqual({ ...files, clients });
});

test.each([
  { flags: { mqttTlsCert: "server.pem" }, says: "together" },
  { flags: { mqttTlsKey: "server.key" }, says: "together" },
  { flags: { mqttClientCa: "auto" }, says: "inside TLS only" },
  { flags: { ...pair, mqttClientCa: "" }, says: "expected auto or a file" },
  { flags: { ...pair, publicMqttUrl: "mqtt://fleet.example" }, says: "expected mqtts://" },
])("$flags is refused", ({ flags, says }) => {
  expect(() => parseConfig(flags)).toThrow(says);
});

test.each([
  { ...pair, publicMqttUrl: "mqtts://fleet.example" },
  // A proxy before it ends TLS.
  { publicMqttUrl: "mqtts://fleet.example" },
  { publicMqttUrl: "mqtt://fleet.example" },
])("devices may be told %o", (flags) => {
  expect(parseConfig(flags).publicMqttUrl).toBe(flags.publicMqttUrl);
});
