import { expect, test } from "vitest";
import { parseConfig } from "../../../controller/src/config.ts";
import {
  type ExternalBrokerFlags,
  parseExternalBroker,
} from "../../../controller/src/external-broker-config.ts";

const brokerUrl = "mqtts://broker.example:8883";

test.each([
  {
    what: "over TLS the controller makes its own certificate",
    flags: { brokerUrl },
    is: { url: brokerUrl, caFile: undefined, login: { kind: "own-certificate" } },
  },
  {
    what: "a certificate of somebody else is used in its place",
    flags: { brokerUrl, brokerCa: "ca.pem", brokerCert: "c.pem", brokerKey: "c.key" },
    is: {
      url: brokerUrl,
      caFile: "ca.pem",
      login: { kind: "certificate", certificateFile: "c.pem", keyFile: "c.key" },
    },
  },
  {
    what: "or a password, also over TLS",
    flags: { brokerUrl, brokerUser: "mf", brokerPasswordFile: "p" },
    is: {
      url: brokerUrl,
      caFile: undefined,
      login: { kind: "password", username: "mf", passwordFile: "p" },
    },
  },
  {
    what: "a broker on this machine needs no TLS",
    flags: { brokerUrl: "mqtt://127.0.0.1:1884/" },
    is: { url: "mqtt://127.0.0.1:1884", caFile: undefined, login: { kind: "anonymous" } },
  },
  {
    what: "one elsewhere only when that is said",
    flags: { brokerUrl: "mqtt://broker:1883", allowPlainBroker: true },
    is: { url: "mqtt://broker:1883", caFile: undefined, login: { kind: "anonymous" } },
  },
] satisfies { what: string; flags: ExternalBrokerFlags; is: object }[])("$what", ({
  flags,
  is,
}) => {
  expect(parseExternalBroker(flags)).toEqual(is);
});

test.each([
  { flags: { brokerUrl: "broker.example" }, says: "--broker-url: expected an address like mqtts:" },
  { flags: { brokerUrl: "https://broker.example" }, says: "--broker-url" },
  { flags: { brokerUrl: "mqtts://user:secret@broker.example" }, says: "--broker-url" },
  { flags: { brokerUrl: "mqtt://broker.example" }, says: "--allow-plain-broker" },
  { flags: { brokerUrl: "mqtt://127.0.0.1.example" }, says: "--allow-plain-broker" },
  { flags: { brokerUrl, mqttPort: "1883" }, says: "--broker-url or --mqtt-port, got both" },
  { flags: { brokerUrl, mqttTlsCert: "c" }, says: "--broker-url or --mqtt-tls-cert, got both" },
  { flags: { brokerUrl, mqttTlsKey: "k" }, says: "--broker-url or --mqtt-tls-key, got both" },
  { flags: { brokerUrl, mqttClientCa: "auto" }, says: "--broker-url or --mqtt-client-ca" },
  { flags: { brokerUrl, brokerCert: "c" }, says: "--broker-cert and --broker-key together" },
  { flags: { brokerUrl, brokerKey: "k" }, says: "--broker-cert and --broker-key together" },
  { flags: { brokerUrl, brokerUser: "mf" }, says: "--broker-user and --broker-password-file" },
  {
    flags: {
      ...{ brokerUrl, brokerCert: "c", brokerKey: "k" },
      ...{ brokerUser: "mf", brokerPasswordFile: "p" },
    },
    says: "--broker-cert or --broker-user, got both",
  },
  {
    flags: { brokerUrl: "mqtt://localhost", brokerCa: "ca.pem" },
    says: "mqtts://… with --broker-ca",
  },
  {
    flags: { brokerUrl: "mqtt://localhost", brokerCert: "c", brokerKey: "k" },
    says: "mqtts://… with --broker-cert",
  },
  { flags: { brokerCa: "ca.pem" }, says: "expected --broker-url with --broker-ca" },
  { flags: { brokerPasswordFile: "p" }, says: "--broker-url with --broker-password-file" },
  { flags: { allowPlainBroker: true }, says: "--broker-url with --allow-plain-broker" },
])("$flags is refused", ({ flags, says }) => {
  expect(() => parseConfig(flags)).toThrow(says);
});

test("devices find a broker elsewhere by its own address", () => {
  const anywhere = { host: "0.0.0.0", publicUrl: "https://fleet.example" };

  expect(parseConfig({ ...anywhere, brokerUrl }).externalBroker?.url).toBe(brokerUrl);
  expect(() => parseConfig(anywhere)).toThrow("--public-mqtt-url");
  expect(() => parseConfig({ host: "0.0.0.0", brokerUrl })).toThrow("expected --public-url with");
});

test.each([
  "mqtt://127.0.0.1",
  "mqtt://localhost:1884",
  "mqtts://[::1]",
])("devices elsewhere are told another address than %s, which is their own", (here) => {
  const elsewhere = { host: "0.0.0.0", publicUrl: "https://fleet.example", brokerUrl: here };
  const publicMqttUrl = "mqtts://fleet.example";

  expect(() => parseConfig(elsewhere)).toThrow("expected --public-mqtt-url with --host 0.0.0.0");
  expect(() => parseConfig({ host: "10.0.0.7", brokerUrl: here })).toThrow("--public-mqtt-url");
  expect(parseConfig({ ...elsewhere, publicMqttUrl }).publicMqttUrl).toBe(publicMqttUrl);
  expect(parseConfig({ brokerUrl: here }).publicMqttUrl).toBeUndefined();
});

test("without a broker elsewhere there is the one inside", () => {
  expect(parseConfig({}).externalBroker).toBeUndefined();
});
