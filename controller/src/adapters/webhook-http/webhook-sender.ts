import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { isIP } from "node:net";
import { eventLimits } from "@modelfleet/protocol";
import type { SendOutcome } from "../../domain/events/judge-attempt.ts";
import type { EventSender, SignedMessage } from "../../ports/event-sender.ts";
import { type PermittedAddresses, permittedAddresses } from "./permitted-addresses.ts";
import { signMessage } from "./sign-message.ts";

/**
 * Events over HTTP: one POST each, on a connection of its own. Redirections are not followed, of an answer only the
 * beginning is read, and the whole of it has its time.
 *
 * @param networks that are not public and may be written to
 */
export function webhookSender(networks: readonly string[]): EventSender {
  const addresses = permittedAddresses(networks);
  return {
    refusal: (text) => textRefusal(addresses, new URL(text)),
    send: async (message, signal) => {
      const timeout = AbortSignal.timeout(eventLimits.requestMsMax);
      try {
        return await post(addresses, message, AbortSignal.any([signal, timeout]));
      } catch (error) {
        return { kind: "unanswered", reason: reasonOf(error, timeout) };
      }
    },
  };
}

async function post(
  addresses: PermittedAddresses,
  message: SignedMessage,
  signal: AbortSignal,
): Promise<SendOutcome> {
  const url = new URL(message.url);
  const refused = textRefusal(addresses, url);
  if (refused !== undefined) return { kind: "unanswered", reason: refused };
  const answer = await answerTo(url, { addresses, message, signal });
  return {
    kind: "answered",
    status: answer.statusCode ?? 0,
    text: await beginningOf(answer),
    retryAfterMs: secondsIn(answer.headers["retry-after"]),
  };
}

interface Question {
  readonly addresses: PermittedAddresses;
  readonly message: SignedMessage;
  readonly signal: AbortSignal;
}

function answerTo(url: URL, { addresses, message, signal }: Question): Promise<IncomingMessage> {
  const isEncrypted = url.protocol === "https:";
  const body = Buffer.from(message.body, "utf8");
  return new Promise((resolve, reject) => {
    const question = (isEncrypted ? requestTls : requestPlain)(url, {
      method: "POST",
      agent: false,
      signal,
      lookup: addresses.lookup(isEncrypted),
      headers: {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "content-length": body.length,
        "user-agent": "modelfleet-webhook",
        ...signMessage(message),
      },
    });
    // A connection may break more than once: after the answer has begun, and when that is left.
    question.once("response", resolve).on("error", reject);
    question.end(body);
  });
}

async function beginningOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop closes the connection: whatever else it would say.
    if (bytes >= eventLimits.answerBytesMax) break;
  }
  const text = Buffer.concat(chunks).subarray(0, eventLimits.answerBytesMax).toString("utf8");
  return text.replaceAll(/\p{C}+/gu, " ");
}

/** An address in place of a name is never looked up. */
function textRefusal(addresses: PermittedAddresses, { hostname, protocol }: URL) {
  const host = hostname.replace(/^\[|\]$/g, "");
  return isIP(host) === 0 ? undefined : addresses.refusal(host, protocol === "https:");
}

function secondsIn(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : null;
}

function reasonOf(error: unknown, timeout: AbortSignal): string {
  if (timeout.aborted) return `no answer within ${eventLimits.requestMsMax} ms`;
  return error instanceof Error ? error.message : String(error);
}
