import type { IncomingMessage } from "node:http";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";

const loopbackNames = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * A web page open on this device may reach loopback too. It always names itself (`Origin`), or reaches it by a
 * name of its own (`Host`, DNS rebinding); programs do neither. A Unix socket is out of a page's reach: it is not asked there.
 *
 * @throws RequestRefused HOST
 */
export function refuseForeignPage({ headers }: Pick<IncomingMessage, "headers">): void {
  if (headers.origin !== undefined) {
    throw new RequestRefused("HOST", "expected a program of this device, got a web page");
  }
  const name = (headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
  if (!loopbackNames.has(name)) {
    throw new RequestRefused("HOST", "expected the host 127.0.0.1 or localhost, got another");
  }
}
