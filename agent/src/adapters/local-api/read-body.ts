import type { IncomingMessage } from "node:http";
import { serveLimits } from "@modelfleet/protocol";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";
import { type ChunkStore, chunkStore } from "../../wire/chunk-store.ts";
import type { BodyRoom } from "./body-room.ts";

export interface BodyLimits {
  readonly bytesMax: number;
  /** Where the bytes of all bodies are counted; the caller gives them back. */
  readonly room: BodyRoom;
}

/**
 * The whole body, refused as soon as it is known to be too large, for one request or for all together.
 *
 * @throws RequestRefused TOO_LARGE | ENCODING | FORMAT; InferError OVERLOADED
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new RequestRefused(
      "ENCODING",
      `expected a body without encoding, got ${encoding.slice(0, 32)}`,
    );
  }
  const announced = request.headers["content-length"];
  refuseLength(Number(announced ?? 0), limits.bytesMax);
  const store = chunkStore(announced, serveLimits.bodyBytesPlacedMax);
  await collect(request, limits, store);
  return store.whole();
}

function collect(request: IncomingMessage, limits: BodyLimits, store: ChunkStore): Promise<void> {
  return new Promise((resolve, reject) => {
    let length = 0;
    let isWhole = false;
    const broken = () => {
      // Every request is closed in the end; an error that nobody sees costs a good part of a small model's answer.
      if (isWhole) return;
      reject(new RequestRefused("FORMAT", "expected the whole body, got a closed connection"));
    };
    request.on("data", (chunk: Buffer) => {
      try {
        length += chunk.length;
        refuseLength(length, limits.bytesMax);
        limits.room.take(request, chunk.length);
        store.push(chunk);
      } catch (error) {
        request.removeAllListeners("data").pause();
        reject(error instanceof Error ? error : new TypeError("expected an error"));
      }
    });
    request.once("end", () => {
      isWhole = true;
      resolve();
    });
    request.once("close", broken);
    request.once("error", broken);
  });
}

function refuseLength(length: number, bytesMax: number): void {
  if (length <= bytesMax) return;
  throw new RequestRefused(
    "TOO_LARGE",
    `expected a body of at most ${bytesMax} bytes, got ${length} or more`,
  );
}
