import { FormatError, type LocalBinding, type LocalMqttFile } from "@modelfleet/protocol";
import { filtersMeet, parseFilter, shown, type TopicFilter } from "./topic-filter.ts";
import { mayMatch, parseTemplate, type TopicTemplate } from "./topic-template.ts";

export type Qos = 0 | 1;

export interface Subscription {
  readonly topic: string;
  readonly qos: Qos;
}

/** One binding, its topics understood. */
export interface BoundTopic extends Omit<LocalBinding, "input" | "output" | "errors" | "qos"> {
  readonly input: TopicFilter;
  readonly output: TopicTemplate;
  readonly errors: TopicTemplate | undefined;
  readonly qos: Qos;
}

/** Requests by name: `{prefix}/{model}/req`, answered at `{prefix}/{model}/res/{id}`. */
export interface RequestTopics {
  readonly prefix: string;
  readonly filter: TopicFilter;
  readonly qos: Qos;
}

/** All that is bound to topics of one broker. */
export interface BindingPlan {
  readonly requests: RequestTopics | undefined;
  readonly bindings: readonly BoundTopic[];
  readonly subscriptions: readonly Subscription[];
}

/**
 * 1. Nothing that is published may be what is subscribed to: no message makes another one without end.
 * 2. Two filters are the same or have no topic in common: no message comes twice, for brokers differ in that.
 *
 * @throws FormatError naming the place
 */
export function planBindings(file: Pick<LocalMqttFile, "requests" | "bindings">): BindingPlan {
  const requests = file.requests === undefined ? undefined : requestTopics(file.requests);
  const bindings = file.bindings.map(boundTopic);
  const inputs = bindings.map(({ input }, i) => ({ filter: input, place: `bindings[${i}].input` }));
  const all =
    requests === undefined ? inputs : [{ filter: requests.filter, place: "requests" }, ...inputs];
  for (const [i, one] of all.entries()) {
    for (const other of all.slice(i + 1)) refuseMeeting(one, other);
  }
  for (const [i, { output, errors }] of bindings.entries()) {
    refuseLoop(output, all, `bindings[${i}].output`);
    if (errors !== undefined) refuseLoop(errors, all, `bindings[${i}].errors`);
  }
  if (requests !== undefined) refuseAnswerLoop(requests, inputs);
  return { requests, bindings, subscriptions: subscriptionsOf(requests, bindings) };
}

interface Placed {
  readonly filter: TopicFilter;
  readonly place: string;
}

function boundTopic(binding: LocalBinding, i: number): BoundTopic {
  const input = parseFilter(binding.input, `bindings[${i}].input`);
  const captures = input.levels.filter((level) => level === undefined).length;
  const template = (text: string, key: string) =>
    parseTemplate(text, captures, `bindings[${i}].${key}`);
  return {
    ...binding,
    input,
    output: template(binding.output, "output"),
    errors: binding.errors === undefined ? undefined : template(binding.errors, "errors"),
    qos: binding.qos ?? 0,
  };
}

function requestTopics({ prefix, qos }: NonNullable<LocalMqttFile["requests"]>): RequestTopics {
  const place = "requests.prefix";
  if (parseFilter(prefix, place).levels.includes(undefined)) {
    throw new FormatError("FORMAT", `${place}: expected plain levels, got ${shown(prefix)}`);
  }
  return { prefix, filter: parseFilter(`${prefix}/+/req`, place), qos: qos ?? 1 };
}

function refuseMeeting(one: Placed, other: Placed): void {
  if (one.filter.text === other.filter.text && one.place !== "requests") return;
  if (!filtersMeet(one.filter, other.filter)) return;
  const both = `${shown(one.filter.text)} and ${shown(other.filter.text)}`;
  throw new FormatError(
    "FORMAT",
    `${other.place}: expected the same filter as ${one.place}, or one without common topics, got ${both}`,
  );
}

function refuseLoop(template: TopicTemplate, all: readonly Placed[], place: string): void {
  const loop = all.find(({ filter }) => mayMatch(template, filter));
  if (loop === undefined) return;
  const what = `${loop.place}, ${shown(loop.filter.text)}`;
  throw new FormatError(
    "FORMAT",
    `${place}: expected a topic that is no input, got one of ${what}`,
  );
}

function refuseAnswerLoop({ prefix }: RequestTopics, inputs: readonly Placed[]): void {
  for (const answers of [`${prefix}/+/res`, `${prefix}/+/res/+`]) {
    const filter = parseFilter(answers, "requests.prefix");
    const loop = inputs.find((input) => filtersMeet(filter, input.filter));
    if (loop === undefined) continue;
    const got = `got one of ${shown(answers)}, where requests are answered`;
    throw new FormatError("FORMAT", `${loop.place}: expected a topic that is no answer, ${got}`);
  }
}

function subscriptionsOf(
  requests: RequestTopics | undefined,
  bindings: readonly BoundTopic[],
): readonly Subscription[] {
  const qosOf = new Map<string, Qos>();
  if (requests !== undefined) qosOf.set(requests.filter.text, requests.qos);
  for (const { input, qos } of bindings) {
    qosOf.set(input.text, qos === 1 || qosOf.get(input.text) === 1 ? 1 : 0);
  }
  return [...qosOf].map(([topic, qos]) => ({ topic, qos }));
}
