import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** `Last-Event-ID` of every stream that was asked for, in order; undefined: it had none. */
  readonly lastEventIds: readonly (string | undefined)[];
  /** So many of the next streams are broken off in the middle of their third event. */
  cuts: number;
  /** Breaks every connection off, and each that is tried until `comeBack`. */
  readonly leave: () => void;
  readonly comeBack: () => void;
  /** Questions that came while it was away. */
  readonly missed: () => number;
}

/** Stands before a controller and breaks connections off. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const lastEventIds: (string | undefined)[] = [];
  let [isAway, missed] = [false, 0];
  const server = createServer((asked, answer) => {
    if (isAway) {
      missed += 1;
      asked.socket.destroy();
      return;
    }
    if (asked.headers.accept === "text/event-stream") {
      lastEventIds.push(asked.headers["last-event-id"] as string | undefined);
      const isCut = proxy.cuts > 0;
      if (isCut) proxy.cuts -= 1;
      forward({ asked, answer, target, isCut });
      return;
    }
    forward({ asked, answer, target, isCut: false });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  const proxy: CuttingProxy = {
    url: `http://127.0.0.1:${address.port}`,
    lastEventIds,
    cuts: 0,
    leave: () => {
      isAway = true;
      server.closeAllConnections();
    },
    comeBack: () => {
      isAway = false;
    },
    missed: () => missed,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}

interface Forwarded {
  readonly asked: IncomingMessage;
  readonly answer: ServerResponse;
  readonly target: string;
  readonly isCut: boolean;
}

function forward({ asked, answer, target, isCut }: Forwarded): void {
  const { method = "GET", headers, url = "/" } = asked;
  const upstream = request(`${target}${url}`, {
    method,
    headers: { ...headers, host: new URL(target).host },
  });
  upstream.on("response", (given) => {
    answer.writeHead(given.statusCode ?? 502, given.headers);
    if (!isCut) {
      given.pipe(answer);
      return;
    }
    let events = 0;
    given.on("data", (bytes: Buffer) => {
      events += bytes.toString("utf8").split("\ndata:").length - 1;
      const isEnough = events >= 3;
      const through = isEnough ? bytes.subarray(0, Math.ceil(bytes.length / 2)) : bytes;
      answer.write(through, () => {
        if (isEnough) answer.destroy();
      });
    });
  });
  upstream.on("error", () => answer.destroy());
  answer.on("close", () => upstream.destroy());
  asked.pipe(upstream);
}
