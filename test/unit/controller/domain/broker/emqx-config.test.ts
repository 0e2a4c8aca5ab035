import { expect, test } from "vitest";
import { emqxConfig } from "../../../../../controller/src/domain/broker/emqx-config.ts";
import { emqxAllows, readEmqxRules } from "../../../../support/broker/emqx-rules.ts";
import type { RightsCase, Saying } from "../../../../support/broker/rights-case.ts";
import { rightsMatrix } from "../../../../support/broker/rights-matrix.ts";
import { brokerPlan } from "./broker-plan.ts";

const self = "self-1";

function textOf(name: string): string {
  return emqxConfig(brokerPlan()).find((file) => file.name === name)?.text ?? "";
}

const rules = readEmqxRules(textOf("acl.conf"));

/** Where what is said to a subscriber comes from. */
const topicOf: Record<Saying, string> = {
  "own-desired": "mf/1/d/{self}/dn/desired",
  "own-ack": "mf/1/d/{self}/dn/ack",
  "desired-of-B": "mf/1/d/{B}/dn/desired",
  "ack-of-B": "mf/1/d/{B}/dn/ack",
  "hello-of-B": "mf/1/d/{B}/up/hello",
  "controller-state": "mf/1/ctl/state",
  "own-answer": "mf/1/prov/{self}/res",
  "answer-of-E": "mf/1/prov/{E}/res",
  "question-of-E": "mf/1/prov/{E}/req",
  "broker-statistics": "$SYS/broker/version",
};

/**
 * By the rules of the file alone. A certificate names everybody: who has none is not there, and a client id that was
 * said is replaced by the name in the certificate.
 */
function decide({ who, does }: RightsCase): RightsCase["verdict"] {
  const name = who.kind === "misnamed" ? who.name : self;
  const isThere = !["nobody", "forger", "enroller", "enroller-called"].includes(who.kind);
  const allows = (action: "publish" | "subscribe", topic: string, retain = false) =>
    emqxAllows(rules, { username: name, action, topic: named(topic), retain });
  if (!isThere || does.do === "take-over") return "nothing";
  switch (does.do) {
    case "publish":
    case "will":
      return isTopic(does.topic) && allows("publish", does.topic, does.retain)
        ? "through"
        : "nothing";
    case "retain":
      return allows("publish", does.topic, true) ? "through" : "nothing";
    case "subscribe":
      return allows("subscribe", does.filter) && matches(does.filter, topicOf[does.hears])
        ? "through"
        : "nothing";
  }
}

function named(topic: string): string {
  return topic.replaceAll("{self}", self).replaceAll("{B}", "other-1").replaceAll("{E}", "enrol.1");
}

function isTopic(topic: string): boolean {
  return topic !== "" && !/[#+]/.test(topic);
}

function matches(filter: string, topic: string): boolean {
  const given = topic.split("/");
  const levels = filter.replace(/^\$share\/[^/]*\//, "").split("/");
  const upTo = levels.indexOf("#");
  const fits = (level: string, index: number) => level === "+" || level === given[index];
  if (upTo >= 0) return levels.slice(0, upTo).every(fits);
  return levels.length === given.length && levels.every(fits);
}

test("F56: the rules for EMQX give the verdicts of the matrix (read by a reading of our own; no EMQX runs here)", () => {
  // One that enrols does so over HTTP there.
  const cases = rightsMatrix.filter(
    ({ who, verdict }) => who.kind !== "enroller" || verdict === "nothing",
  );

  expect(cases.length).toBeGreaterThanOrEqual(200);
  expect(
    cases.filter((one) => decide(one) !== one.verdict).map(({ name, verdict }) => [name, verdict]),
  ).toEqual([]);
});

test("F56: a revoked device has no rights, the controller all of the protocol's and no others", () => {
  const revoked = readEmqxRules(textOf("acl.conf"));
  const gone = "gone-1";
  const may = (username: string, action: "publish" | "subscribe", topic: string) =>
    emqxAllows(revoked, { username, action, topic });

  expect(may(gone, "publish", `mf/1/d/${gone}/up/hello`)).toBe(false);
  expect(may(gone, "subscribe", `mf/1/d/${gone}/dn/#`)).toBe(false);
  expect(may(self, "publish", `mf/1/d/${self}/up/hello`)).toBe(true);
  expect(may("mf.controller", "publish", "mf/1/d/x-1/dn/desired")).toBe(true);
  expect(may("mf.controller", "subscribe", "mf/1/d/+/up/#")).toBe(true);
  expect(may("mf.controller", "publish", "other/1")).toBe(false);
  expect(may("mf.controller", "subscribe", "#")).toBe(false);
  expect(may("mfxcontroller", "subscribe", "mf/1/#")).toBe(false);
});

test.each([
  "listeners.tcp.default.enable = false",
  "listeners.ws.default.enable = false",
  "verify = verify_peer",
  "fail_if_no_peer_cert = true",
  "peer_cert_as_username = cn",
  "peer_cert_as_clientid = cn",
  'max_packet_size = "128KB"',
  "shared_subscription = false",
  'retainer.max_payload_size = "1KB"',
  "no_match = deny",
  "cache.enable = false",
  'cacertfile = "/etc/broker/ca.pem"',
  'bind = "0.0.0.0:8883"',
])("the settings for EMQX say %s", (line) => {
  expect(textOf("emqx.conf")).toContain(line);
});
