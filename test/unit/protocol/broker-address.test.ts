import { brokerAddress } from "@modelfleet/protocol";
import { expect, test } from "vitest";

test.each([
  ["mqtt://127.0.0.1:1883", { protocol: "mqtt", host: "127.0.0.1", port: 1883 }],
  ["mqtts://fleet.test", { protocol: "mqtts", host: "fleet.test" }],
  ["mqtt://[::1]:1884", { protocol: "mqtt", host: "::1", port: 1884 }],
  ["wss://fleet.test/mqtt?a=b", { protocol: "wss", host: "fleet.test", path: "/mqtt?a=b" }],
  ["ws://fleet.test:9001", { protocol: "ws", host: "fleet.test", port: 9001, path: "/" }],
])("%s is where a broker is", (text, address) => {
  expect(brokerAddress(text)).toEqual(address);
});

test.each([
  "",
  "fleet.test:1883",
  "http://fleet.test",
  "mqtt://",
  "mqtt:///x",
])("%j is not", (text) => {
  expect(() => brokerAddress(text)).toThrow("expected the address of a broker");
});
