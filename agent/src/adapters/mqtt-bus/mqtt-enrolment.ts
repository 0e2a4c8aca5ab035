import {
  busLimits,
  claimLimits,
  EnrolAnswer,
  type EnrolClientId,
  type EnrolRequest,
  enrolClientId,
  enrolTopics,
  enrolUserName,
  FormatError,
  Problem,
  parseStrictJson,
} from "@modelfleet/protocol";
import type { MqttClient } from "mqtt";
import { EnrolError } from "../../domain/enrol-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EnrolmentService } from "../../ports/enrolment-service.ts";
import { openClient } from "./open-client.ts";

const answerBytesMax = 4 * claimLimits.requestBytesMax;
const answerMsMax = 30_000;

/** Enrolment by the broker, for sites with MQTT only (protocol.md 2.8). Each question has a connection of its own. */
export function mqttEnrolment(clock: Clock): EnrolmentService {
  return {
    ask: async ({ brokerUrl }, request) => {
      const id = enrolClientId(Buffer.from(clock.randomBytes(16)).toString("hex"));
      const client = await connectTo(brokerUrl, id, clock);
      try {
        const bytes = await answerTo(client, id, request).catch((cause: unknown) => {
          throw unreachable(brokerUrl, cause);
        });
        return readAnswer(bytes, brokerUrl);
      } finally {
        await client.endAsync(true);
      }
    },
  };
}

async function connectTo(
  brokerUrl: string,
  clientId: EnrolClientId,
  clock: Clock,
): Promise<MqttClient> {
  const options = {
    protocolVersion: 4,
    clientId,
    connectTimeout: busLimits.connectMsMax,
    // No secrets: a broker that wants a name and a password gets these (protocol.md 2.8).
    ...{ username: enrolUserName, password: enrolUserName },
  } as const;
  const { packetBytesMax } = busLimits;
  const opening = { brokerUrl, options, clock, packetBytesMax };
  return openClient(opening, new AbortController().signal).catch((cause: unknown) => {
    throw unreachable(brokerUrl, cause);
  });
}

/** Listens first: the answer may be here before the broker's acknowledgement. */
async function answerTo(
  client: MqttClient,
  id: EnrolClientId,
  request: EnrolRequest,
): Promise<Uint8Array> {
  const topics = enrolTopics(id);
  const answer = firstMessage(client);
  // Awaited below; it may fail while the question is still on its way.
  answer.catch(() => undefined);
  const [granted] = await client.subscribeAsync(topics.answer, { qos: 1 });
  if (granted === undefined || granted.qos > 2) throw new Error("it lets nobody enrol");
  const taken = client.publishAsync(topics.request, JSON.stringify(request), { qos: 1 });
  // mqtt.js leaves the promise open when the connection breaks before the acknowledgement.
  await Promise.race([taken, answer]);
  return answer;
}

function firstMessage(client: MqttClient): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer in time")), answerMsMax);
    client.once("message", (_topic, payload) => {
      clearTimeout(timer);
      resolve(payload);
    });
    client.once("close", () => {
      clearTimeout(timer);
      reject(new Error("the broker closed the connection"));
    });
  });
}

function readAnswer(bytes: Uint8Array, brokerUrl: string): EnrolAnswer {
  const value = parse(bytes);
  const answer = EnrolAnswer.safeParse(value);
  if (answer.success) return answer.data;
  const problem = Problem.safeParse(value);
  // The controller's own words: they name the cause and the way out.
  if (problem.success) {
    throw new EnrolError("REFUSED", `the controller refused: ${problem.data.detail}`);
  }
  throw new EnrolError("CREDENTIAL", `expected root and credential by ${brokerUrl}`);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes, { bytesMax: answerBytesMax });
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new EnrolError("CREDENTIAL", "expected JSON as the answer to an enrolment", { cause });
  }
}

function unreachable(brokerUrl: string, cause: unknown): EnrolError {
  const came = cause instanceof Error ? reasonOf(cause) : "no answer";
  const way = "is the controller running, and its broker reachable from this device?";
  return new EnrolError("UNREACHABLE", `expected an answer by ${brokerUrl}, got ${came}; ${way}`, {
    cause,
  });
}

/** The addresses of one name fail each for itself, and then the whole has no words of its own. */
function reasonOf(cause: Error): string {
  if (cause instanceof AggregateError) return cause.errors.map(String).join(", ");
  return cause.message;
}
