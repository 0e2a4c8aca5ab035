import { LocalMqttFile } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { planBindings } from "../../../../agent/src/domain/binding/binding-plan.ts";
import { replyTopic } from "../../../../agent/src/domain/binding/reply-place.ts";
import { matchFilter, parseFilter } from "../../../../agent/src/domain/binding/topic-filter.ts";
import {
  fillTemplate,
  parseTemplate,
} from "../../../../agent/src/domain/binding/topic-template.ts";

const matched = (filter: string, topic: string) => matchFilter(parseFilter(filter, "input"), topic);
const filled = (template: string, captured: readonly string[]) =>
  fillTemplate(parseTemplate(template, captured.length, "output"), captured);

describe("a filter", () => {
  test("captures what stands for each +", () => {
    expect(matched("plant/+/axis/+", "plant/north/axis/3")).toEqual(["north", "3"]);
    expect(matched("plant/north", "plant/north")).toEqual([]);
    expect(matched("/plant//+", "/plant//a b")).toEqual(["a b"]);
  });

  test.each([
    ["plant/+", "plant"],
    ["plant/+", "plant/a/b"],
    ["plant/+", "Plant/a"],
    ["plant/+", "plant/"],
    ["plant/a", "plant/b"],
    ["+/a", "$SYS/a"],
  ])("%s does not take %s", (filter, topic) => {
    expect(matched(filter, topic)).toBeUndefined();
  });

  test.each([
    "+",
    "#",
    "a#",
    "\0",
    "\n",
    "\u0085",
    "\uFFFD",
    "\uD800",
  ])("takes no level %j, which could become another topic or none", (level) => {
    expect(matched("plant/+", `plant/${level}`)).toBeUndefined();
  });

  test.each([
    "plant/#",
    "#",
    "plant/a+",
    "plant/+a",
    "plant/\0",
    "$SYS/+",
    "$share/g/a",
  ])("%j is none", (text) => {
    expect(() => parseFilter(text, "bindings[0].input")).toThrow("bindings[0].input: expected");
  });
});

describe("a template", () => {
  test("puts captures where they are named, whole levels and parts", () => {
    expect(filled("plant/{1}/class", ["north"])).toBe("plant/north/class");
    expect(filled("{2}/{1}-x/{2}", ["a", "b"])).toBe("b/a-x/b");
    expect(filled("plain", [])).toBe("plain");
  });

  test("is no topic of the broker's own, and none that is too long, whatever was captured", () => {
    expect(filled("{1}/class", ["$SYS"])).toBeUndefined();
    expect(filled("a/{1}", ["x".repeat(510)])).toHaveLength(512);
    expect(filled("a/{1}", ["x".repeat(511)])).toBeUndefined();
  });

  test.each([
    "a/{2}",
    "a/{0}",
    "a/{x}",
    "a/{1",
    "a/+",
    "a/#",
    "a/{1}+",
    "$SYS/{1}",
  ])("%j is none with one capture", (text) => {
    expect(() => parseTemplate(text, 1, "bindings[3].output")).toThrow("bindings[3].output: ");
  });

  test("names a capture only where there is one", () => {
    expect(() => parseTemplate("a/{1}", 0, "output")).toThrow("no +, so none");
  });
});

const json = { form: "json" } as const;
const plan = (...topics: readonly (readonly [string, string])[]) => {
  const bindings = topics.map(([input, output]) => ({ input, output, payload: json }));
  return planBindings(LocalMqttFile.parse({ url: "mqtt://localhost", bindings }));
};

describe("a plan", () => {
  test.each([
    ["plant/+/raw", "plant/{1}/class"],
    ["raw", "class"],
    ["plant/+/raw", "plant/{1}/raw/class"],
    ["plant/+/raw", "plant/{1}/x-{1}"],
    ["plant/+/+", "plant/{1}"],
  ])("of %s to %s has no loop", (input, output) => {
    expect(plan([input, output]).bindings).toHaveLength(1);
  });

  test.each([
    ["plant/+/raw", "plant/{1}/raw"],
    ["plant/+/+", "plant/{1}/class"],
    ["raw", "raw"],
    ["plant/+/xyz", "plant/all/x{1}z"],
    ["+/raw", "{1}/raw"],
  ])("of %s to %s is refused for its loop", (input, output) => {
    expect(() => plan([input, output])).toThrow("bindings[0].output: expected a topic that is no");
  });

  test("is refused when one binding feeds another, or its errors do", () => {
    expect(() => plan(["a", "b"], ["b", "c"])).toThrow("one of bindings[1].input");
    const bindings = [{ input: "a/+", output: "b", errors: "a/{1}", payload: json }];
    expect(() => planBindings({ requests: undefined, bindings })).toThrow("bindings[0].errors");
  });

  test("subscribes to a topic of two bindings once, as strictly as one of them wants", () => {
    const two = [
      { input: "raw", output: "one", payload: json, qos: 1 as const },
      { input: "raw", output: "two", payload: json },
    ];
    const { subscriptions } = planBindings({ requests: undefined, bindings: two });
    expect(subscriptions).toEqual([{ topic: "raw", qos: 1 }]);
  });

  test("is refused when one message would come by two filters", () => {
    expect(() => plan(["a/+", "x"], ["+/b", "y"])).toThrow("bindings[1].input: expected the same");
    expect(plan(["a/+", "x"], ["b/+", "y"]).subscriptions).toHaveLength(2);
  });

  test("keeps requests and their answers apart from what is bound", () => {
    const requests = { prefix: "infer" };
    const bound = (input: string, output = "x") => ({
      ...{ requests, bindings: [{ input, output, payload: json }] },
    });
    expect(() => planBindings(bound("infer/+/req"))).toThrow("bindings[0].input");
    expect(() => planBindings(bound("infer/+/res"))).toThrow("where requests are answered");
    expect(() => planBindings(bound("infer/a/res/+"))).toThrow("where requests are answered");
    expect(() => planBindings(bound("raw", "infer/a/req"))).toThrow("one of requests");
    expect(() => planBindings({ requests: { prefix: "a/+" }, bindings: [] })).toThrow(
      "requests.prefix",
    );
    expect(planBindings(bound("infer/a/raw")).subscriptions[0]?.topic).toBe("infer/+/req");
  });
});

describe("the answer to a request", () => {
  const requests = planBindings({
    requests: { prefix: "site/infer" },
    bindings: [{ input: "sensors/+", output: "class", payload: json }],
  });
  const reply = (id?: string, responseTopic?: string) =>
    replyTopic(requests, { model: "digits", id, responseTopic });

  test("goes to the response topic of MQTT 5, else to one made of model and id", () => {
    expect(reply("7", "clients/a/answers")).toBe("clients/a/answers");
    expect(reply("req-7")).toBe("site/infer/digits/res/req-7");
    expect(reply()).toBe("site/infer/digits/res");
  });

  test.each([
    "a/b",
    "+",
    "#",
    "a#b",
    "",
    "x\0",
    "x".repeat(129),
    "\uFFFD",
  ])("goes to the model's common topic for the id %j, which can be no level", (id) => {
    expect(reply(id)).toBe("site/infer/digits/res");
  });

  test.each([
    "site/infer/digits/req",
    "sensors/4",
    "$SYS/x",
    "a/+",
    "#",
    "",
    "a\0b",
    "x".repeat(513),
  ])("goes nowhere for the response topic %j", (topic) => {
    expect(reply("7", topic)).toBeUndefined();
  });
});
