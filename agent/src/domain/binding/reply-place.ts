import { localBusLimits } from "@modelfleet/protocol";
import type { BindingPlan, RequestTopics } from "./binding-plan.ts";
import { isTopicLevel, matchFilter } from "./topic-filter.ts";

/** A request as far as it says where its answer goes. */
export interface Asked {
  readonly model: string;
  /** Of MQTT 5. */
  readonly responseTopic: string | undefined;
  /** `id` of the request's JSON. */
  readonly id: string | undefined;
}

/**
 * Where the answer to a request goes: to its response topic where MQTT 5 brought one, else to a topic made of the model's
 * name and the request's id; without an id that can be a level of a topic, to `{prefix}/{model}/res`.
 *
 * @returns undefined for a response topic that nothing may be published to: none at all, or one that is subscribed to
 */
export function replyTopic(plan: BindingPlan, asked: Asked): string | undefined {
  const { requests } = plan;
  const { responseTopic, model, id } = asked;
  if (requests === undefined) return undefined;
  if (responseTopic !== undefined)
    return mayAnswer(plan, responseTopic) ? responseTopic : undefined;
  return ownTopic(requests, model, id);
}

function ownTopic({ prefix }: RequestTopics, model: string, id: string | undefined): string {
  const place = `${prefix}/${model}/res`;
  const isLevel =
    id !== undefined && id.length <= localBusLimits.idCharactersMax && isTopicLevel(id);
  return isLevel ? `${place}/${id}` : place;
}

function mayAnswer({ requests, bindings }: BindingPlan, topic: string): boolean {
  const isTopic =
    topic.length <= localBusLimits.topicCharactersMax &&
    !topic.startsWith("$") &&
    topic.split("/").every((level) => level === "" || isTopicLevel(level));
  const inputs = [...bindings.map(({ input }) => input), ...(requests ? [requests.filter] : [])];
  return (
    isTopic && topic !== "" && inputs.every((filter) => matchFilter(filter, topic) === undefined)
  );
}
