import { accessLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { networkOf } from "../../../../controller/src/domain/network-of.ts";
import { RateLimiter } from "../../../../controller/src/domain/rate-limiter.ts";
import { RequestLimits } from "../../../../controller/src/http/access/request-limits.ts";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:192.0.2.7", "192.0.2.7"],
  ["2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"],
  ["2001:db8:0:1::5", "2001:db8:0:1::/64"],
  ["2001:DB8:0000:0001::5", "2001:db8:0:1::/64"],
  ["2001:db8::5", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
])("%s is counted as %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test("each address has its measure of requests, and gets it back with time", () => {
  let nowMs = 0;
  const limits = new RequestLimits(() => nowMs);
  for (let times = 0; times < accessLimits.requestBurstPerAddressMax; times += 1) {
    limits.takeAddress("192.0.2.7");
  }

  expect(() => limits.takeAddress("192.0.2.7")).toThrow(
    expect.objectContaining({ code: "REQUESTS_TOO_MANY", retryAfterMs: 5 }),
  );
  limits.takeAddress("192.0.2.8");
  nowMs += 5;
  limits.takeAddress("192.0.2.7");
});

test("whoever was heard longest ago is forgotten first", () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1, rememberedMax: 2 }, () => 0);

  expect([limiter.take("a"), limiter.take("b"), limiter.take("a")]).toEqual([0, 0, 1_000]);
  expect(limiter.take("c")).toBe(0);
  expect(limiter.take("b")).toBe(1_000);
  expect(limiter.take("a")).toBe(0);
});
