import { expect, test } from "vitest";
import { configDefaults, parseConfig } from "../../../controller/src/config.ts";

test("without a flag the controller listens on this machine alone, at its known ports", () => {
  expect(parseConfig({ dev: true })).toMatchObject({
    dataFolder: configDefaults.data,
    host: "127.0.0.1",
    httpPort: 7680,
    mqttPort: 1883,
    isDev: true,
    oidc: undefined,
    trustedProxies: [],
    fourEyes: [],
    logLevel: "info",
  });
});

test("flags are taken as they are typed", () => {
  const config = parseConfig({
    data: "/srv/fleet",
    host: "10.0.0.5",
    httpPort: "0",
    mqttPort: "65535",
    publicUrl: "https://fleet.example/",
    publicMqttUrl: "mqtts://fleet.example:8883",
    oidcIssuer: "https://login.example/fleet",
    oidcAudience: "modelfleet",
    oidcJwks: "https://login.example/keys",
    oidcGrants: "/etc/modelfleet/grants.json",
    trustedProxy: ["10.0.0.0/8", "fd00::/8", "192.0.2.7"],
    fourEyes: "rollout,release",
    logLevel: "debug",
  });

  expect(config).toMatchObject({
    dataFolder: "/srv/fleet",
    host: "10.0.0.5",
    httpPort: 0,
    mqttPort: 65_535,
    publicUrl: "https://fleet.example",
    publicMqttUrl: "mqtts://fleet.example:8883",
    isDev: false,
    oidc: {
      issuer: "https://login.example/fleet",
      audience: "modelfleet",
      keys: { kind: "url", url: "https://login.example/keys" },
      grantsFile: "/etc/modelfleet/grants.json",
    },
    trustedProxies: ["10.0.0.0/8", "fd00::/8", "192.0.2.7"],
    fourEyes: ["rollout", "release"],
    logLevel: "debug",
  });
});

test.each([
  {
    what: "every address and no public one",
    flags: { host: "0.0.0.0" },
    says: "--public-url",
  },
  {
    what: "a port above the last",
    flags: { httpPort: "65536" },
    says: "--http-port",
  },
  { what: "a port that is a word", flags: { mqttPort: "mqtt" }, says: "--mqtt-port" },
  { what: "a negative port", flags: { mqttPort: "-1" }, says: "--mqtt-port" },
  { what: "an empty port", flags: { httpPort: "" }, says: "--http-port" },
  {
    what: "a public address with a path",
    flags: { publicUrl: "https://a.example/b" },
    says: "--public-url",
  },
  {
    what: "a public address with a login",
    flags: { publicUrl: "https://a:b@a.example" },
    says: "--public-url",
  },
  {
    what: "a public address of another kind",
    flags: { publicMqttUrl: "https://a.example" },
    says: "--public-mqtt-url",
  },
  { what: "an unknown log level", flags: { logLevel: "loud" }, says: "--log-level" },
  {
    what: "an issuer without an audience",
    flags: { oidcIssuer: "https://login.example" },
    says: "--oidc-audience",
  },
  { what: "an audience without an issuer", flags: { oidcAudience: "x" }, says: "--oidc-issuer" },
  { what: "grants without an issuer", flags: { oidcGrants: "x.json" }, says: "--oidc-issuer" },
  {
    what: "an issuer over plain http",
    flags: { oidcIssuer: "http://login.example", oidcAudience: "x" },
    says: "--oidc-issuer",
  },
  {
    what: "keys over plain http",
    flags: {
      oidcIssuer: "https://login.example",
      oidcAudience: "x",
      oidcJwks: "http://login.example/keys",
    },
    says: "--oidc-jwks",
  },
  {
    what: "a proxy with --dev",
    flags: { dev: true, trustedProxy: ["10.0.0.1"] },
    says: "--trusted-proxy",
  },
  {
    what: "too many proxies",
    flags: { trustedProxy: Array.from({ length: 17 }, () => "10.0.0.1") },
    says: "at most 16",
  },
  { what: "four eyes on something else", flags: { fourEyes: "claims" }, says: "--four-eyes" },
  { what: "four eyes on nothing", flags: { fourEyes: "" }, says: "--four-eyes" },
])("$what is refused and the message names the way out", ({ flags, says }) => {
  expect(() => parseConfig(flags)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  expect(() => parseConfig(flags)).toThrow(says);
});

test.each([
  ["127.0.0.1:1", "--trusted-proxy"],
  ["10.0.0.0/0", "--trusted-proxy"],
  ["10.0.0.0/33", "--trusted-proxy"],
  ["10.0.0.0/8/8", "--trusted-proxy"],
  ["10.0.0.0/", "--trusted-proxy"],
  ["::/129", "--trusted-proxy"],
  ["proxy.example", "--trusted-proxy"],
])("a proxy %s is refused", (network, says) => {
  expect(() => parseConfig({ trustedProxy: [network] })).toThrow(says);
});

test("a file of keys is told from an address, and none is found by asking the issuer", () => {
  const oidc = { oidcIssuer: "https://login.example", oidcAudience: "modelfleet" };

  expect(parseConfig({ ...oidc, oidcJwks: "keys.json" }).oidc?.keys).toEqual({
    kind: "file",
    path: "keys.json",
  });
  expect(parseConfig(oidc).oidc?.keys).toEqual({ kind: "discovered" });
  expect(parseConfig({ ...oidc, oidcIssuer: "http://127.0.0.1:9" }).oidc?.issuer).toBe(
    "http://127.0.0.1:9",
  );
});

test.each(["127.0.0.1", "127.0.0.2", "localhost", "::1"])("--dev may listen on %s", (host) => {
  expect(parseConfig({ dev: true, host }).host).toBe(host);
});
