import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

export type HoldingProxy = {
  readonly url: string;
  /** Lets only the first `bytes` of each answer through whose path matches, and then nothing, until `release`. */
  readonly hold: (path: RegExp, bytes: number) => void;
  readonly release: () => void;
  /** How often an answer was held. */
  readonly held: () => number;
  /** The Range header of each request whose path matched, in order; "" where there was none. */
  readonly ranges: readonly string[];
  readonly close: () => Promise<void>;
};

/** An HTTP proxy in front of a controller that can stop a download in its middle, so that a test can kill there. */
export async function startHoldingProxy(target: () => string): Promise<HoldingProxy> {
  const ranges: string[] = [];
  let rule: { readonly path: RegExp; readonly bytes: number } | undefined;
  let heldCount = 0;
  const server = createServer((incoming, outgoing) => {
    const isMatch = rule?.path.test(incoming.url ?? "") === true;
    if (isMatch) ranges.push(incoming.headers.range ?? "");
    forward(new URL(incoming.url ?? "/", target()), incoming, outgoing, {
      bytes: () => (isMatch ? rule?.bytes : undefined),
      onHeld: () => {
        heldCount += 1;
      },
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    hold: (path, bytes) => {
      rule = { path, bytes };
    },
    release: () => {
      rule = undefined;
    },
    held: () => heldCount,
    ranges,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

type Limit = {
  /** How many bytes of the answer go through right now; undefined for all. */
  readonly bytes: () => number | undefined;
  readonly onHeld: () => void;
};

function forward(
  url: URL,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  limit: Limit,
): void {
  const upstream = request(
    url,
    { method: incoming.method ?? "GET", headers: incoming.headers },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      let sent = 0;
      answer.on("data", (chunk: Buffer) => {
        const most = limit.bytes();
        const part = most === undefined ? chunk : chunk.subarray(0, Math.max(0, most - sent));
        sent += part.length;
        if (part.length > 0) outgoing.write(part);
        if (part.length === chunk.length) return;
        answer.pause();
        limit.onHeld();
      });
      answer.on("end", () => outgoing.end());
      answer.on("error", () => outgoing.destroy());
    },
  );
  upstream.on("error", () => outgoing.destroy());
  outgoing.on("close", () => upstream.destroy());
  incoming.pipe(upstream);
}
