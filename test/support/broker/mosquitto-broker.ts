import {
  controllerStateTopic,
  DeviceId,
  deviceTopics,
  enrolTopics,
  everyDeviceUp,
  everyEnrolRequest,
  isEnrolClientId,
  mayPublish,
  parseEnrolTopic,
  parseUpTopic,
} from "@modelfleet/protocol";
import { PlainClient, type PlainMessage } from "../mqtt/plain-client.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import type { BrokerUnderTest, Heard, Login } from "./broker-under-test.ts";
import { authorityIn, clientCertificate } from "./certificates.ts";
import { type RunningMosquitto, startMosquitto } from "./mosquitto.ts";

const controller = "mf.controller";
/** Of mosquitto_passwd, for the password "secret". */
const passwords = `${controller}:$7$101$bW9kZWxmbGVldC0x$6fns7OkzUD+n8rxAP6VNxwwVNS3BHT9BVE5pHC40YIUxtyPkcAj+lmja6rr88Tdv+Q3n7zuVsWzQklpL1onE4A==\n`;

/** Real Mosquittos with generated configuration, where a credential is a certificate. */
export async function mosquittoBroker(): Promise<BrokerUnderTest> {
  const running = await startMosquitto({ passwords });
  const folder = await temporaryFolder();
  const strangers = await authorityIn(folder.path);
  const connect = async ({ name, credential, enrols, clientId, will }: Login) => {
    const { enrolPort, port, server, authority } = running;
    if (enrols) {
      const login = { clientId, username: "enrol", password: "enrol", will };
      return PlainClient.open({ port: enrolPort, tls: { ca: server.cert }, ...login });
    }
    const by = credential === "right" ? authority : strangers;
    const shown = credential === "none" ? {} : await clientCertificate(by, name);
    const { cert, key } = { cert: undefined, key: undefined, ...shown };
    return PlainClient.open({ port, tls: { ca: server.cert, cert, key }, clientId, will });
  };
  const [main, enrol] = await controllers(running, connect);
  await main.publish(controllerStateTopic, "online", { retain: true });
  const heard = async (): Promise<readonly Heard[]> => {
    await main.settled();
    await enrol.settled();
    return [...main.messages, ...enrol.messages].filter(isTaken);
  };
  const topicsOf = (device: string) => deviceTopics(DeviceId.parse(device));
  return {
    connect,
    heard,
    foundAnew: async () => {
      const before = main.messages.length;
      await main.subscribe(everyDeviceUp);
      return main.messages
        .slice(before)
        .filter(({ retain }) => retain)
        .filter(isTaken);
    },
    sayDesired: (device) => main.publish(topicsOf(device).desired, "desired"),
    sayAck: (device) => main.publish(topicsOf(device).ack, "ack", { qos: 0 }),
    sayAnswer: (enroller) => {
      if (!isEnrolClientId(enroller)) throw new RangeError("expected a client that enrols");
      return enrol.publish(enrolTopics(enroller).answer, "answer");
    },
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The controller on both brokers, listening as it does. */
async function controllers(
  { enrolPort, server }: RunningMosquitto,
  connect: BrokerUnderTest["connect"],
): Promise<readonly [PlainClient, PlainClient]> {
  const main = await connect({
    ...{ clientId: controller, name: controller, credential: "right", enrols: false },
  });
  const enrol = await PlainClient.open({
    ...{ port: enrolPort, tls: { ca: server.cert }, clientId: `enrol.${"c".repeat(32)}` },
    ...{ username: controller, password: "secret" },
  });
  if (main === undefined || enrol === undefined) throw new Error("expected the controller in");
  await main.subscribe(everyDeviceUp);
  await enrol.subscribe(everyEnrolRequest);
  return [main, enrol];
}

/** A controller takes what has a meaning, and nothing retained where nothing is retained (protocol.md 2.3). */
function isTaken({ topic, retain }: PlainMessage): boolean {
  if (parseEnrolTopic(topic) !== undefined) return !retain;
  const meaning = parseUpTopic(topic);
  return meaning !== undefined && mayPublish(meaning.device, topic, retain);
}
