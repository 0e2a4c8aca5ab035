import { expect, test } from "vitest";
import { judgeOperator } from "../../../../controller/src/http/access/operator-rule.ts";

const adminKey = "k".repeat(32);
const withKey = { authorization: `Bearer ${adminKey}` };

function request(remoteAddress: string | undefined, headers: object = {}) {
  return { headers: { host: "localhost:7680", ...headers }, raw: { socket: { remoteAddress } } };
}

test.each([
  "127.0.0.1",
  "127.9.9.9",
  "::1",
  "::ffff:127.0.0.1",
])("in development the operator may come from %s without a key", (address) => {
  expect(judgeOperator(request(address), { adminKey: undefined, isDev: true })).toBe("granted");
});

test.each([
  "10.0.0.5",
  "::ffff:10.0.0.5",
  "fe80::1",
  "128.0.0.1",
  "0.0.0.0",
  "",
  undefined,
])("in development a peer at %s needs the key", (address) => {
  const rule = { adminKey, isDev: true };

  expect(judgeOperator(request(address), rule)).toBe("key-required");
  expect(judgeOperator(request(address, withKey), rule)).toBe("granted");
});

test("outside development being on this machine is not enough", () => {
  const rule = { adminKey, isDev: false };

  expect(judgeOperator(request("127.0.0.1"), rule)).toBe("key-required");
  expect(judgeOperator(request("127.0.0.1", withKey), rule)).toBe("granted");
});

test("a wrong key is not forgiven in development", () => {
  const headers = { authorization: `Bearer ${"x".repeat(32)}` };

  expect(judgeOperator(request("127.0.0.1", headers), { adminKey, isDev: true })).toBe(
    "key-required",
  );
});

test("without a key set no key opens anything", () => {
  const rule = { adminKey: undefined, isDev: false };

  expect(judgeOperator(request("127.0.0.1", { authorization: "Bearer " }), rule)).toBe(
    "key-required",
  );
  expect(judgeOperator(request("127.0.0.1", { authorization: "Bearer undefined" }), rule)).toBe(
    "key-required",
  );
});
