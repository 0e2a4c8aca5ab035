import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";

export interface ReceivedEvent {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly body: string;
  readonly event: { readonly id: string; readonly type: string; readonly [name: string]: unknown };
}

export type Answering = (received: ReceivedEvent, answer: ServerResponse) => void;

export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly ReceivedEvent[];
  /** From now on. */
  answer: Answering;
}

export const taking: Answering = (_received, answer) => void answer.writeHead(204).end();

/** Another system's side, on 127.0.0.1. */
export async function startReceiver(answer: Answering = taking): Promise<WebhookReceiver> {
  const received: ReceivedEvent[] = [];
  const server = createServer((asked, answering) => {
    const chunks: Buffer[] = [];
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const { headers, url = "" } = asked;
      const event = JSON.parse(body || "{}") as ReceivedEvent["event"];
      const one = { headers, path: url, body, event };
      received.push(one);
      receiver.answer(one, answering);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${address.port}/hook`,
    received,
    answer,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return receiver;
}

/** What docs/events.md tells receivers to do. */
export function isGenuine(
  { headers, body }: Pick<ReceivedEvent, "headers" | "body">,
  secret: string,
  nowSeconds: number,
): boolean {
  const [id, time] = [String(headers["webhook-id"]), String(headers["webhook-timestamp"])];
  if (!(Math.abs(nowSeconds - Number(time)) <= 300)) return false;
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest();
  return String(headers["webhook-signature"])
    .split(" ")
    .map((signature) => Buffer.from(signature.replace("v1,", ""), "base64"))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}
