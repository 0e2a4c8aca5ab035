import { giveBack } from "./give-back.ts";

/** What has come of the body of one message of HTTP. */
export interface ChunkStore {
  /** The chunk is the store's from then on. */
  readonly push: (chunk: Buffer) => void;
  /** All of it; asked once. */
  readonly whole: () => Buffer;
}

/** Up to here a body mostly comes in one piece, which is taken as it is. */
const ONE_CHUNK_BYTES_MAX = 64 * 1024;

/**
 * Puts a large body together where it is to stay, while it comes, and gives the memory of its pieces back at once.
 *
 * @param announced value of `Content-Length`; HTTP's parser lets no more come than that
 * @param placedBytesMax as far as it is believed before the bytes are there
 */
export function chunkStore(announced: string | undefined, placedBytesMax: number): ChunkStore {
  const length = Number(announced);
  const isPlaced = length > ONE_CHUNK_BYTES_MAX && length <= placedBytesMax;
  return isPlaced ? placedChunks(length) : listedChunks();
}

function placedChunks(length: number): ChunkStore {
  const whole = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  return {
    push: (chunk) => {
      filled += chunk.copy(whole, filled);
      giveBack(chunk);
    },
    whole: () => whole.subarray(0, filled),
  };
}

function listedChunks(): ChunkStore {
  const chunks: Buffer[] = [];
  return {
    push: (chunk) => {
      chunks.push(chunk);
    },
    whole: () => {
      const [first] = chunks;
      if (chunks.length === 1 && first !== undefined) return first;
      const whole = Buffer.concat(chunks);
      for (const chunk of chunks) giveBack(chunk);
      return whole;
    },
  };
}
