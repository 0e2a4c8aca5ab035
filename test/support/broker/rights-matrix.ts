import type { RightsCase, Saying, Who } from "./rights-case.ts";

const device: Who = { kind: "device" };
const enroller: Who = { kind: "enroller" };
const own = "mf/1/d/{self}";

const called = (clientId: string): Who => ({ kind: "device-called", clientId });
const misnamed = (name: string): Who => ({ kind: "misnamed", name });

/** Everything anybody may not do, and what each may; every refusal beside what is allowed next to it. */
export const rightsMatrix: readonly RightsCase[] = [
  ...publishes(device, "through", [
    `${own}/up/online`,
    `${own}/up/hello`,
    `${own}/up/report`,
    `${own}/up/tele`,
    `${own}/up/req/get-desired`,
  ]),
  ...publishes(device, "through", [`${own}/up/online`], { retain: true }),
  ...publishes(device, "nothing", foreignTopics()),
  ...publishes(device, "nothing", foreignTopics(), { qos: 0 }),
  ...publishes(
    device,
    "nothing",
    foreignTopics().filter((topic) => topic.includes("{B}") || topic.includes("ctl")),
    { retain: true },
  ),

  hears(device, `${own}/dn/#`, "own-desired"),
  hears(device, `${own}/dn/desired`, "own-desired"),
  hears(device, `${own}/dn/ack`, "own-ack"),
  hears(device, "mf/1/ctl/state", "controller-state"),
  ...deaf(device, "desired-of-B", [
    ...["mf/1/d/{B}/dn/#", "mf/1/d/{B}/dn/desired", "mf/1/d/{B}/#", "mf/1/d/+/dn/desired"],
    ...["mf/1/d/+/dn/#", "mf/1/d/#", "mf/1/+/+/dn/desired", "mf/+/d/{B}/dn/desired", "mf/1/#"],
    ...["mf/#", "#", "+/#", "+/+/+/+/+/+", "mf/1/d/{B}/+/desired", "+/1/d/{B}/dn/desired"],
    ...[`${own}/#`, `${own}/dn/#`, `${own}/+/#`, "$share/g/mf/1/d/{B}/dn/#", "$share/g/#"],
    ...["$share/g/mf/1/d/+/dn/desired", "$share/mf-ingest/mf/1/#", "$share//mf/1/d/{B}/dn/#"],
    ...["/mf/1/d/{B}/dn/desired", "mf/1/d/{B}/dn/desired/", "mf//1/d/{B}/dn/desired", "$SYS/#"],
    ...["mf/1/d/{B}/dn/#/x", "mf/1/d/{B}#/dn/desired", "mf/1/d/{B}+/dn/desired", ""],
  ]),
  ...deaf(device, "ack-of-B", ["mf/1/d/{B}/dn/ack", "mf/1/d/+/dn/ack", "#", "$share/g/mf/1/#"]),
  ...deaf(device, "hello-of-B", [
    ...["mf/1/d/{B}/up/#", "mf/1/d/{B}/up/hello", "mf/1/d/+/up/#", "mf/1/d/+/up/hello"],
    ...["mf/1/#", "#", "$share/mf-ingest/mf/1/d/+/up/#", "mf/1/d/{B}/+/hello", `${own}/up/#`],
  ]),
  ...deaf(device, "answer-of-E", ["mf/1/prov/{E}/res", "mf/1/prov/+/res", "mf/1/prov/#", "#"]),
  ...deaf(device, "question-of-E", ["mf/1/prov/{E}/req", "mf/1/prov/+/req", "mf/1/#"]),
  ...deaf(device, "broker-statistics", [
    ...["$SYS/#", "$SYS/broker/#", "$SYS/broker/version", "$SYS/+/new/clients", "$SYS/+/+"],
    ...["#", "+/#", "$share/g/$SYS/#", "$CONTROL/#"],
  ]),

  will(device, `${own}/up/online`, "through", true),
  will(device, `${own}/up/online`, "through"),
  will(device, `${own}/up/hello`, "through"),
  ...["mf/1/d/{B}/up/online", "mf/1/d/{B}/dn/desired", "mf/1/ctl/state"].flatMap((topic) => [
    will(device, topic, "nothing"),
    will(device, topic, "nothing", true),
  ]),
  ...[`${own}/dn/desired`, `${own}/up`, "mf/1/prov/{E}/req", "mf/1/prov/{E}/res", "$SYS/x"].map(
    (topic) => will(device, topic, "nothing"),
  ),
  ...["mf/1/d/{B}x/up/online", "mf/1/d//up/online", "mf/1/d/{B}/up/hello"].map((topic) =>
    will(device, topic, "nothing"),
  ),

  ...[`${own}/up/hello`, `${own}/up/report`, `${own}/up/tele`, `${own}/up/req/get-desired`].map(
    (topic) => retains(device, topic),
  ),
  ...[`${own}/dn/desired`, "mf/1/d/{B}/dn/desired", "mf/1/d/{B}/dn/ack", "mf/1/ctl/state"].map(
    (topic) => retains(device, topic),
  ),
  ...["mf/1/d/{B}/up/online", "mf/1/d/{B}/up/hello"].map((topic) => retains(device, topic)),

  ...publishes(enroller, "through", ["mf/1/prov/{self}/req"]),
  ...publishes(enroller, "nothing", [
    ...["mf/1/prov/{E}/req", "mf/1/prov/{E}/res", "mf/1/prov/{self}/res", "mf/1/prov/{self}"],
    ...["mf/1/d/{B}/up/hello", "mf/1/d/{B}/dn/desired", "mf/1/d/{self}/up/hello"],
    ...["mf/1/ctl/state", "mf/1/prov//req"],
  ]),
  hears(enroller, "mf/1/prov/{self}/res", "own-answer"),
  ...deaf(enroller, "answer-of-E", ["mf/1/prov/{E}/res", "mf/1/prov/+/res", "#"]),
  ...deaf(enroller, "question-of-E", ["mf/1/prov/+/req"]),
  ...deaf(enroller, "controller-state", ["mf/1/ctl/state"]),
  ...deaf(enroller, "desired-of-B", ["mf/1/d/{B}/dn/#", "mf/1/#", "$share/g/mf/1/d/+/dn/#"]),
  will(enroller, "mf/1/d/{B}/up/online", "nothing"),
  takesOver({ kind: "enroller-called", clientId: "{B}" }),
  ...["{B}", "enrol", "enrol.+", "enrol.#", "x"].flatMap((clientId): RightsCase[] => {
    const who: Who = { kind: "enroller-called", clientId };
    return publishes(who, "nothing", [`mf/1/prov/${clientId}/req`]);
  }),

  ...(["nobody", "forger"] as const).flatMap((kind) => [
    ...publishes({ kind }, "nothing", [`${own}/up/hello`, "mf/1/d/{B}/dn/desired"]),
    ...deaf({ kind }, "own-desired", [`${own}/dn/#`]),
    ...deaf({ kind }, "controller-state", ["mf/1/ctl/state", "#"]),
    will({ kind }, `${own}/up/online`, "nothing"),
    takesOver({ kind }),
  ]),

  // CVE-2017-7650: a client id that is a wildcard, where rights are made of client ids.
  ...["{B}", "+", "#", "{B}/up", "{self}/../{B}", "a/b"].flatMap((clientId) => [
    ...publishes(called(clientId), "nothing", [
      "mf/1/d/{B}/up/report",
      "mf/1/d/{B}/dn/desired",
      `mf/1/d/${clientId}/up/hello`,
    ]),
    ...deaf(called(clientId), "desired-of-B", [
      "mf/1/d/{B}/dn/desired",
      `mf/1/d/${clientId}/dn/#`,
      "#",
    ]),
    takesOver(called(clientId)),
  ]),
  ...[
    "+",
    "#",
    "a/b",
    "",
    "$SYS",
    "x".repeat(64),
    "mf/1",
    "a b",
    "ÿ",
    "A-1",
    "ab",
    "-ab",
    "self\u0000x",
  ].flatMap((name) => [
    ...publishes(misnamed(name), "nothing", [`mf/1/d/${name}/up/hello`, "mf/1/d/{B}/up/hello"]),
    ...deaf(misnamed(name), "desired-of-B", [`mf/1/d/${name}/dn/#`, "mf/1/d/{B}/dn/#"]),
  ]),
];

/** Where no device may publish: each is one level, one sign or one name away from where it may. */
function foreignTopics(): readonly string[] {
  return [
    ...["mf/1/d/{B}/up/hello", "mf/1/d/{B}/up/online", "mf/1/d/{B}/up/report"],
    ...["mf/1/d/{B}/up/tele", "mf/1/d/{B}/up/req/get-desired", "mf/1/d/{B}/dn/desired"],
    ...["mf/1/d/{B}/dn/ack", `${own}/dn/desired`, `${own}/dn/ack`, `${own}/up`, `${own}/up/`],
    ...[`${own}/up/other`, `${own}/up/hello/more`, `${own}/up/req`, `${own}/up/req/get-root`],
    ...[`${own}/up/#`, `${own}/up/+`, `${own}/UP/hello`, `${own}/up//hello`, "mf/1/ctl/state"],
    ...[own, `${own}/trust`, "mf/1/trust/root", "mf/1/ctl/other", "mf/1/d/{self}x/up/hello"],
    ...["mf/1/d/x{self}/up/hello", "mf/1/d//up/hello", "mf/1/d/+/up/hello", "mf/1/d/#"],
    ...["/mf/1/d/{self}/up/hello", "mf/2/d/{self}/up/hello", "mf/1/D/{self}/up/hello", "mf/1"],
    ...["mf/1/prov/{self}/req", "mf/1/prov/{E}/req", "mf/1/prov/{E}/res", "$SYS/broker/x"],
    ...["$share/g/mf/1/d/{self}/up/hello", "$CONTROL/dynamic-security/v1", "#", "+", ""],
  ];
}

function publishes(
  who: Who,
  verdict: RightsCase["verdict"],
  topics: readonly string[],
  { qos = 1, retain = false }: { readonly qos?: 0 | 1; readonly retain?: boolean } = {},
): RightsCase[] {
  const how = `QoS ${qos}${retain ? ", retained" : ""}`;
  return topics.map((topic) => ({
    name: `${nameOf(who)} publishes to "${topic}" (${how})`,
    who,
    does: { do: "publish", topic, qos, retain },
    verdict,
  }));
}

function hears(who: Who, filter: string, saying: Saying): RightsCase {
  const name = `${nameOf(who)} subscribes to "${filter}" and hears ${saying}`;
  return { name, who, does: { do: "subscribe", filter, hears: saying }, verdict: "through" };
}

function deaf(who: Who, saying: Saying, filters: readonly string[]): RightsCase[] {
  return filters.map((filter) => ({ ...hears(who, filter, saying), verdict: "nothing" }));
}

function will(who: Who, topic: string, verdict: RightsCase["verdict"], retain = false): RightsCase {
  const name = `${nameOf(who)} leaves a will on "${topic}"${retain ? ", retained" : ""}`;
  return { name, who, does: { do: "will", topic, retain }, verdict };
}

/** Nobody who comes later is to take it. */
function retains(who: Who, topic: string): RightsCase {
  const name = `${nameOf(who)} leaves a retained message on "${topic}"`;
  return { name, who, does: { do: "retain", topic }, verdict: "nothing" };
}

function takesOver(who: Who): RightsCase {
  const name = `${nameOf(who)} takes the place of {B}`;
  return { name, who, does: { do: "take-over" }, verdict: "nothing" };
}

function nameOf(who: Who): string {
  switch (who.kind) {
    case "device":
      return "a device";
    case "enroller":
      return "one that enrols";
    case "enroller-called":
      return `one that enrols as "${who.clientId}"`;
    case "nobody":
      return "a client without a credential";
    case "forger":
      return "a client with a forged credential";
    case "device-called":
      return `a device that says it is "${who.clientId}"`;
    case "misnamed":
      return `a client named "${who.name.length > 40 ? `${who.name.length} × x` : who.name}"`;
  }
}
