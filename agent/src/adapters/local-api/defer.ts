import type { IncomingMessage } from "node:http";
import { rehearsalLimits, SlotName } from "@modelfleet/protocol";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";
import type { Holds } from "../../ports/deferral.ts";
import type { BodyRoom } from "./body-room.ts";
import { type HttpAnswer, jsonAnswer } from "./http-answer.ts";
import { readBody } from "./read-body.ts";

export interface DeferOptions {
  /** What applications may say about swaps; absent where nothing is swapped. */
  readonly holds?: Holds;
  readonly hasSlot?: (slot: SlotName) => boolean;
}

const deferPath = /^\/v2\/modelfleet\/slots\/([^/]+)\/defer$/;
const bodyBytesMax = 1_024;

/**
 * `/v2/modelfleet/slots/{slot}/defer`: an application puts swaps of a slot off (POST), or asks how that stands (GET).
 *
 * @returns undefined for any other path
 * @throws RequestRefused
 */
export async function answerDeferral(
  path: string,
  request: IncomingMessage,
  { holds, hasSlot, room }: DeferOptions & { readonly room: BodyRoom },
): Promise<HttpAnswer | undefined> {
  const named = deferPath.exec(path)?.[1];
  if (named === undefined || holds === undefined) return undefined;
  const slot = knownSlot(named, hasSlot);
  if (request.method === "GET") return jsonAnswer(200, holds.status(slot));
  if (request.method !== "POST") {
    const came = request.method ?? "none";
    throw new RequestRefused("METHOD", `expected the method GET or POST, got ${came}`);
  }
  const bytes = await readBody(request, { bytesMax: bodyBytesMax, room });
  return jsonAnswer(200, holds.defer(slot, recheckAfterMs(bytes)));
}

/** @throws RequestRefused NOT_FOUND */
export function knownSlot(named: string, hasSlot: DeferOptions["hasSlot"]): SlotName {
  const { data: slot } = SlotName.safeParse(named);
  if (slot !== undefined && hasSlot?.(slot) === true) return slot;
  throw new RequestRefused(
    "NOT_FOUND",
    `expected a slot of this device, got ${named.slice(0, 64)}`,
  );
}

/** @throws RequestRefused FORMAT */
function recheckAfterMs(bytes: Uint8Array): number {
  const { recheckMsMin, recheckMsMax } = rehearsalLimits;
  const given = fieldOf(bytes);
  if (typeof given === "number" && Number.isInteger(given)) {
    if (given >= recheckMsMin && given <= recheckMsMax) return given;
  }
  const expected = `recheckAfterMs, a whole number from ${recheckMsMin} to ${recheckMsMax}`;
  throw new RequestRefused(
    "FORMAT",
    `expected {"recheckAfterMs": n}: ${expected}, got ${came(given)}`,
  );
}

/** A number as it is, of anything else only its kind. */
function came(given: unknown): string {
  if (given === undefined) return "none";
  if (given === null || typeof given === "number") return String(given);
  return Array.isArray(given) ? "an array" : `a ${typeof given}`;
}

function fieldOf(bytes: Uint8Array): unknown {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof body !== "object" || body === null || !("recheckAfterMs" in body)) return undefined;
    return body.recheckAfterMs;
  } catch {
    return undefined; // Not JSON: refused as anything else that names no time.
  }
}
