import { Readable } from "node:stream";
import { blobLimits, type Sha256 } from "@modelfleet/protocol";
import { Inject, Injectable } from "@nestjs/common";
import { ReadBlob } from "../../app/release/read-blob.ts";
import type { ByteRange } from "../../ports/blob-store.ts";
import type { HttpReply, HttpRequest } from "../exchange.ts";
import { HttpError } from "../problems/http-error.ts";
import { requestedRange } from "./byte-range.ts";
import { DownloadSlots } from "./download-slots.ts";

const ONE_YEAR_S = 31_536_000;

/** Streams a file of a release from the store to a device: whole or one range, and only so many at once. */
@Injectable()
export class SendBlob {
  readonly #readBlob: ReadBlob;
  readonly #slots: DownloadSlots;

  constructor(@Inject(ReadBlob) readBlob: ReadBlob, @Inject(DownloadSlots) slots: DownloadSlots) {
    this.#readBlob = readBlob;
    this.#slots = slots;
  }

  /** @throws NotFoundError BLOB_UNKNOWN; HttpError RANGE_NOT_SATISFIABLE | DOWNLOADS_TOO_MANY */
  async run(digest: Sha256, request: HttpRequest, reply: HttpReply): Promise<void> {
    const blob = await this.#readBlob.run(digest, request.caller);
    const { sizeBytes } = blob;
    const etag = `"${digest}"`;
    const headers = {
      etag,
      "accept-ranges": "bytes",
      // A digest names one content for ever; only the login keeps shared caches out.
      "cache-control": `private, max-age=${ONE_YEAR_S}, immutable`,
    };
    if (request.headers["if-none-match"] === etag) {
      reply.status(304).headers(headers).send();
      return;
    }
    const ifRange = header(request, "if-range");
    const asked = requestedRange({ range: request.headers.range, ifRange, etag, sizeBytes });
    if (asked.kind === "unsatisfiable") throw unsatisfiable(reply, sizeBytes);
    const bounds = asked.kind === "part" ? asked : { fromByte: 0, untilByte: sizeBytes };
    // An empty stream, for Fastify would set the length of an empty body.
    const body =
      request.method === "HEAD" ? Readable.from([]) : this.#body(reply, blob.read(bounds));
    reply
      .status(asked.kind === "part" ? 206 : 200)
      .headers({ ...headers, ...bodyHeaders(asked.kind === "part", bounds, sizeBytes) })
      .send(body);
  }

  /** @throws HttpError DOWNLOADS_TOO_MANY */
  #body(reply: HttpReply, bytes: AsyncIterable<Uint8Array>): Readable {
    const giveBack = this.#slots.take();
    reply.raw.once("close", giveBack);
    // A reader that stands still would keep its place for ever.
    reply.raw.setTimeout(blobLimits.downloadStallMsMax, () => reply.raw.destroy());
    return Readable.from(bytes);
  }
}

function bodyHeaders(isPart: boolean, { fromByte, untilByte }: ByteRange, sizeBytes: number) {
  return {
    "content-type": "application/octet-stream",
    "content-length": untilByte - fromByte,
    ...(isPart ? { "content-range": `bytes ${fromByte}-${untilByte - 1}/${sizeBytes}` } : {}),
  };
}

function unsatisfiable(reply: HttpReply, sizeBytes: number): HttpError {
  reply.headers({ "content-range": `bytes */${sizeBytes}` });
  return new HttpError("RANGE_NOT_SATISFIABLE", `expected a range inside ${sizeBytes} bytes`);
}

function header(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}
