import { timingSafeEqual } from "node:crypto";
import { sha256 } from "@modelfleet/protocol";
import type { HttpRequest } from "../exchange.ts";

export interface OperatorRule {
  /** The operator's key; none is only possible in development. */
  readonly adminKey: string | undefined;
  /** Development: whoever sits at this machine is the operator. */
  readonly isDev: boolean;
}

export type OperatorVerdict = "granted" | "key-required" | "foreign-origin";

/**
 * Whether a request comes from the operator. Rules:
 *
 * 1. With the operator's key: yes.
 * 2. In development without one: only from this machine, to a name of this machine (a page of another name that
 *    resolves to 127.0.0.1 keeps its own in `Host`), and not on behalf of another site's page (`Origin`).
 */
export function judgeOperator(request: OperatorRequest, rule: OperatorRule): OperatorVerdict {
  if (hasKey(request.headers.authorization, rule.adminKey)) return "granted";
  if (!rule.isDev || request.headers.authorization !== undefined) return "key-required";
  if (!isLoopbackAddress(request.raw.socket.remoteAddress)) return "key-required";
  if (!isLoopbackHost(request.headers.host)) return "foreign-origin";
  return isOwnOrigin(request.headers) ? "granted" : "foreign-origin";
}

export interface OperatorRequest {
  readonly headers: Pick<HttpRequest["headers"], "authorization" | "host" | "origin">;
  readonly raw: { readonly socket: { readonly remoteAddress?: string | undefined } };
}

function hasKey(authorization: string | undefined, adminKey: string | undefined): boolean {
  if (adminKey === undefined || authorization?.startsWith("Bearer ") !== true) return false;
  // Digests have one length, so the comparison takes one time.
  return timingSafeEqual(digest(authorization.slice("Bearer ".length)), digest(adminKey));
}

function digest(text: string): Buffer {
  return Buffer.from(sha256(Buffer.from(text, "utf8")), "hex");
}

export function isLoopbackAddress(address: string | undefined): boolean {
  return (
    address !== undefined && /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/.test(address)
  );
}

function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(host);
}

function isOwnOrigin({ origin, host }: OperatorRequest["headers"]): boolean {
  return origin === undefined || origin === `http://${host ?? ""}`;
}
