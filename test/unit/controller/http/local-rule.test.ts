import { expect, test } from "vitest";
import { judgeLocal } from "../../../../controller/src/http/access/local-rule.ts";

function request(remoteAddress: string | undefined, headers: object = {}) {
  return { headers: { host: "localhost:7680", ...headers }, raw: { socket: { remoteAddress } } };
}

test.each([
  "127.0.0.1",
  "127.9.9.9",
  "::1",
  "::ffff:127.0.0.1",
])("in development the operator may come from %s without a key", (address) => {
  expect(judgeLocal(request(address), { isDev: true })).toBe("granted");
});

test.each([
  "10.0.0.5",
  "::ffff:10.0.0.5",
  "fe80::1",
  "128.0.0.1",
  "0.0.0.0",
  "",
  undefined,
])("in development a peer at %s needs a key", (address) => {
  expect(judgeLocal(request(address), { isDev: true })).toBe("key-required");
});

test("outside development being on this machine is not enough", () => {
  expect(judgeLocal(request("127.0.0.1"), { isDev: false })).toBe("key-required");
});

test.each([
  { authorization: `Bearer ${"x".repeat(32)}` },
  { authorization: "" },
  { "x-forwarded-for": "10.0.0.5" },
  { forwarded: "for=10.0.0.5" },
])("with %j nobody is taken for the operator of this machine", (headers) => {
  expect(judgeLocal(request("127.0.0.1", headers), { isDev: true })).toBe("key-required");
});
