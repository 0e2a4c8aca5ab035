import type { IncomingMessage } from "node:http";
import { RequestRefused } from "./request-refused.ts";

/**
 * The whole body, refused as soon as it is known to be too large.
 *
 * @throws RequestRefused TOO_LARGE | ENCODING
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new RequestRefused(
      "ENCODING",
      `expected a body without encoding, got ${encoding.slice(0, 32)}`,
    );
  }
  refuseLength(Number(request.headers["content-length"] ?? 0), bytesMax);
  const chunks = await collect(request, bytesMax);
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}

async function collect(request: IncomingMessage, bytesMax: number): Promise<readonly Buffer[]> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError("expected a body of bytes");
      length += chunk.length;
      refuseLength(length, bytesMax);
      chunks.push(chunk);
    }
  } catch (error) {
    if (!request.destroyed || error instanceof RequestRefused) throw error;
    throw new RequestRefused("FORMAT", "expected the whole body, got a closed connection", {
      cause: error,
    });
  }
  return chunks;
}

function refuseLength(length: number, bytesMax: number): void {
  if (length <= bytesMax) return;
  throw new RequestRefused(
    "TOO_LARGE",
    `expected a body of at most ${bytesMax} bytes, got ${length} or more`,
  );
}
