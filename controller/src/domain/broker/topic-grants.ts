import {
  controllerStateTopic,
  DeviceId,
  deviceTopics,
  enrolClientId,
  enrolTopics,
} from "@modelfleet/protocol";

/** Rights of one kind of client, with the placeholder of its name as a whole level (protocol.md 2.3, 2.8). */
export interface TopicGrants {
  readonly publish: readonly string[];
  /** Of `publish`, where the retain flag is allowed. */
  readonly retain: readonly string[];
  readonly read: readonly string[];
}

/** @param self how the broker calls the client's own name, like `%u` */
export function deviceGrants(self: string): TopicGrants {
  const someone = DeviceId.parse("someone");
  const topics = deviceTopics(someone);
  const own = (topic: string) => topic.replace(someone, self);
  const online = own(topics.up("online"));
  return {
    publish: [
      online,
      own(topics.up("hello")),
      own(topics.up("report")),
      own(topics.up("tele")),
      own(topics.request("get-desired")),
    ],
    retain: [online],
    read: [own(topics.everythingDown), controllerStateTopic],
  };
}

/** @param self how the broker calls the client's own id, like `%c` */
export function enrolGrants(self: string): TopicGrants {
  const someone = enrolClientId("0".repeat(32));
  const { request, answer } = enrolTopics(someone);
  const own = (topic: string) => topic.replace(someone, self);
  return { publish: [own(request)], retain: [], read: [own(answer)] };
}

/** Everything of this version of the protocol: what the controller may read and write. */
export function everyTopic(): string {
  const [first = "", version = ""] = controllerStateTopic.split("/");
  return `${first}/${version}/#`;
}
