import { DeviceId } from "@modelfleet/protocol";
import { PlainClient } from "../mqtt/plain-client.ts";
import { goodSecret, startTestBroker } from "../mqtt/test-broker.ts";
import type { BrokerUnderTest, Heard, Login } from "./broker-under-test.ts";

/** The broker inside the controller, where a credential is a secret. */
export async function embeddedBroker(): Promise<BrokerUnderTest> {
  const asked: Heard[] = [];
  const server = await startTestBroker({
    enrol: (question) => {
      asked.push({ topic: "a question", text: Buffer.from(question).toString("utf8") });
      return Promise.resolve(question);
    },
  });
  const connect = (login: Login) =>
    PlainClient.open({ port: server.port, ...namesOf(login), will: login.will });
  const bystander = await connect({
    ...{ clientId: "bystander", name: "bystander", credential: "right", enrols: false },
  });
  const heard = async (): Promise<readonly Heard[]> => {
    await bystander?.settled();
    const said = server.received.map(({ topic, text }) => ({ topic: topic.device, text }));
    return [...said, ...asked];
  };
  return {
    connect,
    heard,
    // It reads in process, and retained messages are given to nobody there.
    foundAnew: () => Promise.resolve([]),
    sayDesired: (device) =>
      server.broker.publishDesired(DeviceId.parse(device), Buffer.from("desired")),
    sayAck: (device) =>
      server.broker.publishAck(DeviceId.parse(device), { v: 1, stream: "report", boot: 1, seq: 1 }),
    // It answers by itself.
    sayAnswer: () => Promise.resolve(),
    [Symbol.asyncDispose]: async () => {
      await bystander?.[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function namesOf({ clientId, name, credential, enrols }: Login) {
  if (enrols) return { clientId, username: "enrol", password: "enrol" };
  if (credential === "none") return { clientId };
  return { clientId, username: name, password: credential === "right" ? goodSecret : "forged" };
}
