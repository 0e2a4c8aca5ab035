import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

let server: Server | undefined;

/** Ends the server of the last `serve`; for `afterEach`. */
export async function stopServing(): Promise<void> {
  if (server === undefined) return;
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  server = undefined;
}

/** A controller that answers as a test says, on a free port. @returns its address */
export async function serve(
  answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
): Promise<string> {
  const started = createServer(answer).listen(0, "127.0.0.1");
  server = started;
  await once(started, "listening");
  const address = started.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return `http://127.0.0.1:${address.port}`;
}

export function json(outgoing: ServerResponse, status: number, body: unknown): void {
  outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
