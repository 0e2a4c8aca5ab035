import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { DeviceId } from "@modelfleet/protocol";
import type { Principal } from "../domain/access/principal.ts";

/** What this room uses of Fastify's request. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** Of the client; behind a trusted proxy what that says. */
  readonly ip: string;
  readonly headers: IncomingMessage["headers"];
  readonly raw: IncomingMessage;
  readonly isMultipart: () => boolean;
  readonly parts: () => AsyncIterableIterator<MultipartPart>;
  /** Set by the guard on the routes of operators. */
  caller?: Principal;
  /** Set by the guard on the routes of devices. */
  device?: DeviceId;
}

export type MultipartPart =
  | { readonly type: "file"; readonly fieldname: string; readonly file: Readable }
  | { readonly type: "field"; readonly fieldname: string };

/** What this room uses of Fastify's reply. */
export interface HttpReply {
  readonly raw: ServerResponse;
  readonly status: (code: number) => HttpReply;
  readonly headers: (values: Readonly<Record<string, string | number>>) => HttpReply;
  readonly send: (body?: unknown) => HttpReply;
}
