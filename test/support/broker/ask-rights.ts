import {
  controllerStateTopic,
  DeviceId,
  deviceTopics,
  enrolClientId,
  enrolTopics,
  isEnrolClientId,
} from "@modelfleet/protocol";
import type { PlainClient } from "../mqtt/plain-client.ts";
import type { BrokerUnderTest, Heard, Login } from "./broker-under-test.ts";
import type { Deed, RightsCase, Saying } from "./rights-case.ts";

export type Verdict = RightsCase["verdict"];

/** Asks a broker one case, with clients of its own: whatever else goes on there is of other names. */
export async function askRights(
  broker: BrokerUnderTest,
  asked: RightsCase,
  index: number,
): Promise<Verdict> {
  const question = new Question(broker, asked, index);
  try {
    return (await question.ask()) ? "through" : "nothing";
  } finally {
    await question.close();
  }
}

class Question {
  readonly #broker: BrokerUnderTest;
  readonly #asked: RightsCase;
  readonly #self: string;
  readonly #deviceB: DeviceId;
  readonly #enrollerE: `enrol.${string}`;
  readonly #nonce: string;
  readonly #open: PlainClient[] = [];

  constructor(broker: BrokerUnderTest, asked: RightsCase, index: number) {
    this.#broker = broker;
    this.#asked = asked;
    const hex = index.toString(16).padStart(8, "0");
    const isEnroller = asked.who.kind === "enroller";
    this.#self = isEnroller ? enrolClientId(`aaaaaaaa${hex.repeat(3)}`) : `self-${index}`;
    this.#deviceB = DeviceId.parse(`other-${index}`);
    this.#enrollerE = enrolClientId(`eeeeeeee${hex.repeat(3)}`);
    this.#nonce = `nonce-${index}`;
  }

  ask(): Promise<boolean> {
    const { does } = this.#asked;
    switch (does.do) {
      case "publish":
        return this.#publish(does);
      case "subscribe":
        return this.#subscribe(does);
      case "will":
        return this.#will(does);
      case "retain":
        return this.#retain(does);
      case "take-over":
        return this.#takeOver();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((client) => client[Symbol.asyncDispose]()));
  }

  async #publish({ topic, qos, retain }: Deed & { readonly do: "publish" }): Promise<boolean> {
    const listeners = await this.#listeners(topic);
    const actor = await this.#actor();
    await actor?.publish(this.#named(topic), this.#nonce, { qos, retain });
    return this.#hasArrived(listeners);
  }

  async #will({ topic, retain }: Deed & { readonly do: "will" }): Promise<boolean> {
    const listeners = await this.#listeners(topic);
    const will = { topic: this.#named(topic), text: this.#nonce, retain };
    const actor = await this.#actor({ will });
    await actor?.misbehave();
    return this.#hasArrived(listeners);
  }

  async #retain({ topic }: Deed & { readonly do: "retain" }): Promise<boolean> {
    const actor = await this.#actor();
    await actor?.publish(this.#named(topic), this.#nonce, { retain: true });
    await actor?.[Symbol.asyncDispose]();
    const late = [await this.#device(this.#self), await this.#device(this.#deviceB)];
    const found = late.flatMap(({ messages }) => messages).concat();
    return [...found, ...(await this.#broker.foundAnew())].some(this.#isMine);
  }

  async #subscribe({ filter, hears }: Deed & { readonly do: "subscribe" }): Promise<boolean> {
    const actor = await this.#actor();
    if (actor === undefined) return false;
    await actor.subscribe(this.#named(filter));
    await this.#say(hears, actor);
    await actor.settled();
    const isIt = this.#topicOf(hears);
    return actor.messages.some(({ topic }) => isIt(topic));
  }

  /** Whether {B} loses its connection, or what is said to it. */
  async #takeOver(): Promise<boolean> {
    const other = await this.#device(this.#deviceB);
    const { who } = this.#asked;
    const clientId = "clientId" in who ? this.#named(who.clientId) : this.#deviceB;
    const name = who.kind === "device-called" ? this.#self : this.#deviceB;
    await this.#actor({ clientId, name });
    await this.#broker.sayDesired(this.#deviceB);
    await other.settled();
    return !other.isOpen || other.messages.every(({ topic }) => !topic.endsWith("/dn/desired"));
  }

  /** Everybody the topic could reach, besides the controller. */
  async #listeners(topic: string): Promise<readonly PlainClient[]> {
    const listeners: PlainClient[] = [];
    if (topic.includes("{B}") || topic === controllerStateTopic) {
      listeners.push(await this.#device(this.#deviceB));
    }
    if (topic.includes("{E}")) listeners.push(await this.#enroller());
    return listeners;
  }

  async #hasArrived(listeners: readonly PlainClient[]): Promise<boolean> {
    const heard: Heard[] = [...(await this.#broker.heard())];
    for (const client of [...listeners, ...this.#open]) {
      await client.settled();
      heard.push(...client.messages);
    }
    return heard.some(this.#isMine);
  }

  readonly #isMine = ({ text }: Heard): boolean => text === this.#nonce;

  async #actor(changed: Partial<Login> = {}): Promise<PlainClient | undefined> {
    const login = { ...this.#login(), ...changed };
    const client = await this.#broker.connect(login);
    if (client === undefined) return undefined;
    this.#open.push(client);
    const own = DeviceId.safeParse(login.name).data;
    const mayRead = this.#asked.who.kind === "device" && own !== undefined;
    if (mayRead && this.#asked.does.do === "publish") {
      await client.subscribe(deviceTopics(own).everythingDown);
    }
    return client;
  }

  #login(): Login {
    const { who } = this.#asked;
    const self = { clientId: this.#self, name: this.#self, credential: "right" } as const;
    switch (who.kind) {
      case "device":
        return { ...self, enrols: false };
      case "enroller":
        return { ...self, enrols: true };
      case "enroller-called":
        return { ...self, clientId: this.#named(who.clientId), enrols: true };
      case "nobody":
        return { ...self, credential: "none", enrols: false };
      case "forger":
        return { ...self, credential: "forged", enrols: false };
      case "device-called":
        return { ...self, clientId: this.#named(who.clientId), enrols: false };
      case "misnamed":
        return { ...self, clientId: who.name, name: who.name, enrols: false };
    }
  }

  /** A device in good standing, which listens to all it may. */
  async #device(id: string): Promise<PlainClient> {
    const device = await this.#broker.connect({
      ...{ clientId: id, name: id, credential: "right", enrols: false },
    });
    if (device === undefined) throw new Error(`expected device ${id} to be let in`);
    this.#open.push(device);
    await device.subscribe(deviceTopics(DeviceId.parse(id)).everythingDown);
    await device.subscribe(controllerStateTopic);
    return device;
  }

  async #enroller(): Promise<PlainClient> {
    const id = this.#enrollerE;
    const enroller = await this.#broker.connect({
      ...{ clientId: id, name: id, credential: "right", enrols: true },
    });
    if (enroller === undefined) throw new Error(`expected ${id} to be let in`);
    this.#open.push(enroller);
    await enroller.subscribe(enrolTopics(id).answer);
    return enroller;
  }

  async #say(saying: Saying, actor: PlainClient): Promise<void> {
    switch (saying) {
      case "own-desired":
        return this.#broker.sayDesired(this.#self);
      case "own-ack":
        return this.#broker.sayAck(this.#self);
      case "desired-of-B":
        return this.#broker.sayDesired(this.#deviceB);
      case "ack-of-B":
        return this.#broker.sayAck(this.#deviceB);
      case "hello-of-B":
        return (await this.#device(this.#deviceB)).publish(
          deviceTopics(this.#deviceB).up("hello"),
          "hello",
        );
      case "own-answer":
        return this.#askAndAnswer(actor, this.#self);
      case "answer-of-E":
      case "question-of-E":
        return this.#askAndAnswer(await this.#enroller(), this.#enrollerE);
      case "controller-state":
        return; // It is retained.
      case "broker-statistics":
        await this.#device(this.#deviceB); // Brokers count their clients.
    }
  }

  async #askAndAnswer(client: PlainClient, id: string): Promise<void> {
    if (!isEnrolClientId(id)) throw new RangeError("expected a client that enrols");
    await client.publish(enrolTopics(id).request, "question");
    await this.#broker.sayAnswer(id);
  }

  #topicOf(saying: Saying): (topic: string) => boolean {
    const is = (expected: string) => (topic: string) => topic === expected;
    const other = deviceTopics(this.#deviceB);
    switch (saying) {
      case "own-desired":
        return is(`mf/1/d/${this.#self}/dn/desired`);
      case "own-ack":
        return is(`mf/1/d/${this.#self}/dn/ack`);
      case "desired-of-B":
        return is(other.desired);
      case "ack-of-B":
        return is(other.ack);
      case "hello-of-B":
        return is(other.up("hello"));
      case "controller-state":
        return is(controllerStateTopic);
      case "own-answer":
        return is(`mf/1/prov/${this.#self}/res`);
      case "answer-of-E":
        return is(enrolTopics(this.#enrollerE).answer);
      case "question-of-E":
        return is(enrolTopics(this.#enrollerE).request);
      case "broker-statistics":
        return (topic) => topic.startsWith("$");
    }
  }

  #named(text: string): string {
    return text
      .replaceAll("{self}", this.#self)
      .replaceAll("{B}", this.#deviceB)
      .replaceAll("{E}", this.#enrollerE);
  }
}
