/**
 * Frames between the supervisor and a runner, on a Unix socket pair:
 *
 *   u32 LE total bytes, these eight included · u32 LE header bytes · header (JSON, UTF-8) · body
 *
 * The header is padded with spaces, and each part of the body with zeros, to eight bytes:
 * so a tensor of any element type can be read where it arrived, without a copy.
 */
export interface Frame {
  readonly header: unknown;
  readonly body: Uint8Array;
}

export interface FrameLimits {
  readonly frameBytesMax: number;
  readonly frameHeaderBytesMax: number;
}

/** The peer does not speak this protocol: nothing after it can be understood, so the connection ends. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

const PREFIX_BYTES = 8;
const ALIGNMENT = 8;
/** Up to here, copying into one chunk costs less than handing the system a list of them. */
const ONE_CHUNK_BYTES_MAX = 64 * 1024;
const SPACE = 0x20;

/** The chunks to write, in order: one for a small frame. @throws FrameError when a part is larger than the peer takes */
export function encodeFrame(
  header: unknown,
  parts: readonly Uint8Array[],
  limits: FrameLimits,
): Uint8Array[] {
  const text = JSON.stringify(header);
  const headerBytes = aligned(Buffer.byteLength(text));
  const bodyBytes = parts.reduce((sum, part) => sum + aligned(part.length), 0);
  const headBytes = PREFIX_BYTES + headerBytes;
  const total = headBytes + bodyBytes;
  refuseSizes(total, headerBytes, limits);
  const isSmall = total <= ONE_CHUNK_BYTES_MAX;
  const first = Buffer.allocUnsafe(isSmall ? total : headBytes);
  first.writeUInt32LE(total, 0);
  first.writeUInt32LE(headerBytes, 4);
  first.fill(SPACE, PREFIX_BYTES + first.write(text, PREFIX_BYTES), headBytes);
  if (!isSmall) return [first, ...parts.flatMap(padded)];
  fillBody(first, headBytes, parts);
  return [first];
}

function fillBody(frame: Buffer, bodyAt: number, parts: readonly Uint8Array[]): void {
  let at = bodyAt;
  for (const part of parts) {
    frame.set(part, at);
    const end = at + aligned(part.length);
    frame.fill(0, at + part.length, end);
    at = end;
  }
}

/** Bytes a part of the body takes, its padding included. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Takes bytes in whatever pieces they come, and gives whole frames. */
export class FrameDecoder {
  readonly #limits: FrameLimits;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixFilled = 0;
  #frame: Buffer | undefined;
  #frameFilled = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Whether part of a frame has come and the rest has not. */
  isMidFrame(): boolean {
    return this.#prefixFilled > 0 || this.#frame !== undefined;
  }

  /** @throws FrameError; the decoder is of no use afterwards */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < chunk.length) at += this.#take(chunk.subarray(at), frames);
    return frames;
  }

  /** @returns how many bytes of `rest` were used, at least one */
  #take(rest: Buffer, frames: Frame[]): number {
    if (this.#frame !== undefined) return this.#takeFrame(this.#frame, rest, frames);
    if (this.#prefixFilled === 0 && rest.length >= PREFIX_BYTES) {
      const total = readTotal(rest, this.#limits);
      if (total <= rest.length) {
        frames.push(parseFrame(rest.subarray(0, total)));
        return total;
      }
    }
    return this.#takePrefix(rest);
  }

  #takePrefix(rest: Buffer): number {
    const used = rest.copy(this.#prefix, this.#prefixFilled, 0, PREFIX_BYTES - this.#prefixFilled);
    this.#prefixFilled += used;
    if (this.#prefixFilled < PREFIX_BYTES) return used;
    // Not from the shared pool: the frame must start at an aligned address.
    this.#frame = Buffer.allocUnsafeSlow(readTotal(this.#prefix, this.#limits));
    this.#frameFilled = this.#prefix.copy(this.#frame);
    this.#prefixFilled = 0;
    return used;
  }

  #takeFrame(frame: Buffer, rest: Buffer, frames: Frame[]): number {
    const used = rest.copy(frame, this.#frameFilled);
    this.#frameFilled += used;
    if (this.#frameFilled === frame.length) {
      this.#frame = undefined;
      frames.push(parseFrame(frame));
    }
    return used;
  }
}

/** Every frame has a header, so a total is never as small as the prefix alone. */
function readTotal(bytes: Buffer, limits: FrameLimits): number {
  const [total, headerBytes] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
  refuseSizes(total, headerBytes, limits);
  return total;
}

function refuseSizes(total: number, headerBytes: number, limits: FrameLimits): void {
  if (total > limits.frameBytesMax) {
    throw new FrameError(`expected a frame of at most ${limits.frameBytesMax} bytes, got ${total}`);
  }
  if (headerBytes > limits.frameHeaderBytesMax) {
    throw new FrameError(
      `expected a frame header of at most ${limits.frameHeaderBytesMax} bytes, got ${headerBytes}`,
    );
  }
  const isAligned = headerBytes % ALIGNMENT === 0 && total % ALIGNMENT === 0;
  if (headerBytes === 0 || !isAligned || headerBytes + PREFIX_BYTES > total) {
    throw new FrameError(
      `expected a header inside its frame, got ${headerBytes} of ${total} bytes`,
    );
  }
}

function parseFrame(bytes: Buffer): Frame {
  const bodyAt = PREFIX_BYTES + bytes.readUInt32LE(4);
  try {
    return {
      header: JSON.parse(bytes.toString("utf8", PREFIX_BYTES, bodyAt)),
      body: bytes.subarray(bodyAt),
    };
  } catch (cause) {
    throw new FrameError("expected a frame header of JSON", { cause });
  }
}

const PADDING = new Uint8Array(ALIGNMENT);

function padded(part: Uint8Array): Uint8Array[] {
  const missing = aligned(part.length) - part.length;
  return missing === 0 ? [part] : [part, PADDING.subarray(0, missing)];
}
