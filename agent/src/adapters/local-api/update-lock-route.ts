import type { IncomingMessage } from "node:http";
import { updateLockLimits } from "@modelfleet/protocol";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { UpdateLocks } from "../../ports/update-lock.ts";
import type { BodyRoom } from "./body-room.ts";
import { type HttpAnswer, jsonAnswer } from "./http-answer.ts";
import { readBody } from "./read-body.ts";
import { textField } from "./text-field.ts";

export interface LockOptions {
  /** Absent where nothing is swapped. */
  readonly locks?: UpdateLocks;
}

const lockPath = "/v2/modelfleet/lock";

/**
 * `/v2/modelfleet/lock`: nothing new begins to serve on this device (PUT), or it does again (DELETE); GET says which.
 *
 * @returns undefined for any other path
 * @throws RequestRefused
 */
export async function answerLock(
  path: string,
  request: IncomingMessage,
  { locks, room }: LockOptions & { readonly room: BodyRoom },
): Promise<HttpAnswer | undefined> {
  if (path !== lockPath || locks === undefined) return undefined;
  const { method = "none" } = request;
  if (!["GET", "PUT", "DELETE"].includes(method)) {
    throw new RequestRefused("METHOD", `expected the method GET, PUT or DELETE, got ${method}`);
  }
  if (method === "PUT") await kept(locks.lock(await reasonOf(request, room)));
  if (method === "DELETE") await kept(locks.unlock());
  return jsonAnswer(200, { lock: locks.current() });
}

async function reasonOf(request: IncomingMessage, room: BodyRoom): Promise<string> {
  const bytes = await readBody(request, { bytesMax: updateLockLimits.recordBytesMax, room });
  if (bytes.length === 0) return "";
  return textField(bytes, "reason", updateLockLimits.reasonLengthMax) ?? "";
}

/** A broken disk is no defect of ours. */
async function kept(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new RequestRefused("STORE", cause.message);
  }
}
