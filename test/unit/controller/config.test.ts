import { expect, test } from "vitest";
import { configDefaults, parseConfig } from "../../../controller/src/config.ts";

const MODELFLEET_ADMIN_KEY = "k".repeat(32);
const withKey = { MODELFLEET_ADMIN_KEY };

test("without a flag the controller listens on this machine alone, at its known ports", () => {
  expect(parseConfig({ dev: true }, {})).toMatchObject({
    dataFolder: configDefaults.data,
    host: "127.0.0.1",
    httpPort: 7680,
    mqttPort: 1883,
    isDev: true,
    adminKey: undefined,
    logLevel: "info",
  });
});

test("flags are taken as they are typed", () => {
  const config = parseConfig(
    {
      data: "/srv/fleet",
      host: "10.0.0.5",
      httpPort: "0",
      mqttPort: "65535",
      publicUrl: "https://fleet.example/",
      publicMqttUrl: "mqtts://fleet.example:8883",
      logLevel: "debug",
    },
    withKey,
  );

  expect(config).toEqual({
    dataFolder: "/srv/fleet",
    host: "10.0.0.5",
    httpPort: 0,
    mqttPort: 65_535,
    publicUrl: "https://fleet.example",
    publicMqttUrl: "mqtts://fleet.example:8883",
    isDev: false,
    adminKey: MODELFLEET_ADMIN_KEY,
    logLevel: "debug",
  });
});

test.each([
  { what: "no key and no --dev", flags: {}, env: {}, says: "MODELFLEET_ADMIN_KEY" },
  {
    what: "an empty key",
    flags: {},
    env: { MODELFLEET_ADMIN_KEY: "" },
    says: "MODELFLEET_ADMIN_KEY",
  },
  {
    what: "a key of 31 characters",
    flags: {},
    env: { MODELFLEET_ADMIN_KEY: "k".repeat(31) },
    says: "got 31",
  },
  {
    what: "a key with a space",
    flags: {},
    env: { MODELFLEET_ADMIN_KEY: `k ${"k".repeat(31)}` },
    says: "without spaces",
  },
  {
    what: "--dev on an open address without a key",
    flags: { dev: true, host: "10.0.0.5" },
    env: {},
    says: "--host 127.0.0.1",
  },
  {
    what: "every address and no public one",
    flags: { host: "0.0.0.0" },
    env: withKey,
    says: "--public-url",
  },
  {
    what: "a port above the last",
    flags: { httpPort: "65536" },
    env: withKey,
    says: "--http-port",
  },
  { what: "a port that is a word", flags: { mqttPort: "mqtt" }, env: withKey, says: "--mqtt-port" },
  { what: "a negative port", flags: { mqttPort: "-1" }, env: withKey, says: "--mqtt-port" },
  { what: "an empty port", flags: { httpPort: "" }, env: withKey, says: "--http-port" },
  {
    what: "a public address with a path",
    flags: { publicUrl: "https://a.example/b" },
    env: withKey,
    says: "--public-url",
  },
  {
    what: "a public address with a login",
    flags: { publicUrl: "https://a:b@a.example" },
    env: withKey,
    says: "--public-url",
  },
  {
    what: "a public address of another kind",
    flags: { publicMqttUrl: "https://a.example" },
    env: withKey,
    says: "--public-mqtt-url",
  },
  { what: "an unknown log level", flags: { logLevel: "loud" }, env: withKey, says: "--log-level" },
])("$what is refused and the message names the way out", ({ flags, env, says }) => {
  expect(() => parseConfig(flags, env)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  expect(() => parseConfig(flags, env)).toThrow(says);
});

test("the key itself is in no message", () => {
  const short = "secret-but-short";

  expect(() => parseConfig({}, { MODELFLEET_ADMIN_KEY: short })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(short) as string }),
  );
});

test.each(["127.0.0.1", "127.0.0.2", "localhost", "::1"])("--dev needs no key on %s", (host) => {
  expect(parseConfig({ dev: true, host }, {}).host).toBe(host);
});
