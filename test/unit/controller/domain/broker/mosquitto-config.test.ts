import { expect, test } from "vitest";
import type { BrokerPlan } from "../../../../../controller/src/domain/broker/broker-plan.ts";
import { mosquittoConfig } from "../../../../../controller/src/domain/broker/mosquitto-config.ts";
import { brokerPlan } from "./broker-plan.ts";

function linesOf(name: string, changes: Partial<BrokerPlan> = {}): readonly string[] {
  const files = mosquittoConfig({ ...brokerPlan(), ...changes });
  const text = files.find((file) => file.name === name)?.text ?? "";
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** What Mosquitto applies to a listener; before the first `listener` it would open one of its own on port 1883. */
const ofListener =
  /^(max_connections|protocol|certfile|keyfile|cafile|require_|use_|tls_|bind|port|mount)/;

test.each(["mosquitto.conf", "enrol.conf"])("%s opens one listener, and it speaks TLS", (name) => {
  const lines = linesOf(name);
  const listener = lines.findIndex((line) => line.startsWith("listener "));

  expect(lines.filter((line) => line.startsWith("listener "))).toHaveLength(1);
  expect(lines.slice(0, listener).filter((line) => ofListener.test(line))).toEqual([]);
  expect(lines.slice(listener)).toContain("certfile /etc/broker/server.pem");
  expect(lines).toContain("allow_anonymous false");
  expect(lines).toContain("allow_zero_length_clientid false");
  expect(lines).toContain("check_retain_source true");
  expect(lines).toContain("max_packet_size 131072");
});

test("devices are who their certificate says, and nobody is without one", () => {
  const lines = linesOf("mosquitto.conf", { host: "10.0.0.1" });

  expect(lines).toContain("listener 8883 10.0.0.1");
  expect(lines).toContain("require_certificate true");
  expect(lines).toContain("crlfile /etc/broker/revoked.pem");
  expect(lines).toContain("use_identity_as_username true");
  expect(lines).toContain("use_username_as_clientid true");
});

test("the rights are those of the protocol, whole levels, with revoked devices before everybody", () => {
  expect(linesOf("acl")).toEqual([
    "user mf.controller",
    "topic readwrite mf/1/#",
    "user gone-1",
    "topic deny #",
    "pattern write mf/1/d/%u/up/online",
    "pattern write mf/1/d/%u/up/hello",
    "pattern write mf/1/d/%u/up/report",
    "pattern write mf/1/d/%u/up/tele",
    "pattern write mf/1/d/%u/up/req/get-desired",
    "pattern read mf/1/d/%u/dn/#",
    "pattern read mf/1/ctl/state",
  ]);
  expect(linesOf("enrol-acl")).toEqual([
    "pattern write mf/1/prov/%c/req",
    "pattern read mf/1/prov/%c/res",
    "user mf.controller",
    "topic readwrite mf/1/#",
  ]);
});

test("without a port to enrol on there is no second broker", () => {
  const files = mosquittoConfig({ ...brokerPlan(), enrolPort: undefined });

  expect(files.map(({ name }) => name)).toEqual(["mosquitto.conf", "acl", "ca.pem", "revoked.pem"]);
});
