import { createHash } from "node:crypto";
import { type Rollout, rolloutLimits } from "@modelfleet/protocol";
import { createParamDecorator, type ExecutionContext } from "@nestjs/common";
import type { HttpRequest } from "../exchange.ts";
import { RequestInvalid } from "../problems/http-error.ts";

const DIGEST_LENGTH = 16;

/**
 * The version, which counts decisions and is what `If-Match` is compared by; behind it a digest of the answer, for the
 * figures of the stages move between two decisions and a cached answer must not outlive them.
 */
export function etagOf(rollout: Rollout): string {
  const digest = createHash("sha256").update(JSON.stringify(rollout)).digest("hex");
  return `"${rollout.version}-${digest.slice(0, DIGEST_LENGTH)}"`;
}

/** RFC 9110 13.1.2: a weak tag is as good. */
export function isKnown({ headers }: Pick<HttpRequest, "headers">, etag: string): boolean {
  const known = headers["if-none-match"]?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return known?.some((tag) => tag === etag || tag === "*") ?? false;
}

/** The version that the caller has seen; undefined: whatever it is now. @throws RequestInvalid for a tag of nobody's */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext) =>
  ifMatchOf(context.switchToHttp().getRequest<HttpRequest>()),
);

export function ifMatchOf({ headers }: Pick<HttpRequest, "headers">): number | undefined {
  const tag = headers["if-match"]?.trim();
  if (tag === undefined || tag === "*") return undefined;
  const [, version] = /^"(\d{1,15})(?:-[0-9a-f]{1,64})?"$/.exec(tag) ?? [];
  if (version !== undefined) return Number(version);
  throw invalid(
    "If-Match",
    'expected the ETag that its GET answers with, like "3" or "12-3fa9c1d2e4b5a697", or *',
  );
}

/** undefined: the caller asks once. @throws RequestInvalid */
export const RequestKey = createParamDecorator((_: unknown, context: ExecutionContext) =>
  requestKeyOf(context.switchToHttp().getRequest<HttpRequest>()),
);

export function requestKeyOf({ headers }: Pick<HttpRequest, "headers">): string | undefined {
  const key = headers["idempotency-key"];
  if (key === undefined) return undefined;
  const { idempotencyKeyLengthMax } = rolloutLimits;
  const isFit = typeof key === "string" && key.length <= idempotencyKeyLengthMax;
  if (isFit && /^[\x21-\x7e]+$/.test(key)) return key;
  throw invalid(
    "Idempotency-Key",
    `expected at most ${idempotencyKeyLengthMax} visible characters without a space, like a UUID`,
  );
}

function invalid(name: string, detail: string): RequestInvalid {
  return new RequestInvalid([{ pointer: `/headers/${name}`, detail }]);
}
