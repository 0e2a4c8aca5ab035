/**
 * Frames between the supervisor and a runner, on a Unix socket pair:
 *
 *   u32 LE total bytes, these sixteen included · u32 LE header bytes · u32 LE id · u32 zero ·
 *   header (JSON, UTF-8) · body
 *
 * The header is padded with spaces, and each part of the body with zeros, to eight bytes:
 * so a tensor of any element type can be read where it arrived, without a copy.
 *
 * The id stands before the header, and the tensors' bytes behind it: so the header of an inference is mostly that of
 * the one before, byte for byte. Neither end writes or reads such a header again.
 */
export interface Frame {
  /** From 0 to `FRAME_ID_MAX`. */
  readonly id: number;
  readonly header: HeaderBytes;
  /** The body, of which each part is padded. */
  readonly parts: readonly Uint8Array[];
}

/** A header as it travels, padding included. */
export type HeaderBytes = Uint8Array;

export interface FrameLimits {
  readonly frameBytesMax: number;
  readonly frameHeaderBytesMax: number;
}

/** What the rest of a frame says, once its header is read. @throws FrameError */
export type ReadBody<Message> = (id: number, body: Uint8Array) => Message;

/** The peer does not speak this protocol: nothing after it can be understood, so the connection ends. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** What four bytes hold. */
export const FRAME_ID_MAX = 2 ** 32 - 1;

const PREFIX_BYTES = 16;
const ALIGNMENT = 8;
/** Up to here, copying into one chunk costs less than handing the system a list of them. */
const ONE_CHUNK_BYTES_MAX = 64 * 1024;
const SPACE = 0x20;

/** Of a value that JSON can carry. */
export function headerBytes(header: unknown): HeaderBytes {
  const text = JSON.stringify(header);
  const bytes = Buffer.alloc(aligned(Buffer.byteLength(text)), SPACE);
  bytes.write(text);
  return bytes;
}

/** The chunks to write, in order: one for a small frame. @throws FrameError when a part is larger than the peer takes */
export function encodeFrame({ id, header, parts }: Frame, limits: FrameLimits): Uint8Array[] {
  const headBytes = PREFIX_BYTES + header.length;
  let total = headBytes;
  for (const part of parts) total += aligned(part.length);
  refuseSizes(total, header.length, limits);
  const isSmall = total <= ONE_CHUNK_BYTES_MAX;
  const first = Buffer.allocUnsafe(isSmall ? total : headBytes);
  first.writeUInt32LE(total, 0);
  first.writeUInt32LE(header.length, 4);
  first.writeUInt32LE(id, 8);
  first.writeUInt32LE(0, 12);
  first.set(header, PREFIX_BYTES);
  if (!isSmall) return [first, ...parts.flatMap(padded)];
  fillBody(first, headBytes, parts);
  return [first];
}

function fillBody(frame: Buffer, bodyAt: number, parts: readonly Uint8Array[]): void {
  let at = bodyAt;
  for (const part of parts) {
    frame.set(part, at);
    const end = at + aligned(part.length);
    for (let i = at + part.length; i < end; i += 1) frame[i] = 0;
    at = end;
  }
}

/** Bytes a part of the body takes, its padding included. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Takes bytes in whatever pieces they come, and gives what whole frames say. */
export class FrameDecoder<Message> {
  readonly #limits: FrameLimits;
  readonly #readHeader: (header: unknown) => ReadBody<Message>;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixFilled = 0;
  #frame: Buffer | undefined;
  #frameFilled = 0;
  #lastHeader = Buffer.alloc(0);
  #readBody: ReadBody<Message> | undefined;
  #hasViews = false;

  /** @param readHeader of JSON; throws FrameError */
  constructor(limits: FrameLimits, readHeader: (header: unknown) => ReadBody<Message>) {
    this.#limits = limits;
    this.#readHeader = readHeader;
  }

  /** Whether part of a frame has come and the rest has not. */
  isMidFrame(): boolean {
    return this.#prefixFilled > 0 || this.#frame !== undefined;
  }

  /** Whether a message of the last push lies in its chunk; else whoever read the chunk may have its memory again. */
  hasViews(): boolean {
    return this.#hasViews;
  }

  /** @throws FrameError; the decoder is of no use afterwards */
  push(chunk: Buffer): Message[] {
    const messages: Message[] = [];
    this.#hasViews = false;
    let at = 0;
    while (at < chunk.length) at += this.#take(at === 0 ? chunk : chunk.subarray(at), messages);
    return messages;
  }

  /** @returns how many bytes of `rest` were used, at least one */
  #take(rest: Buffer, messages: Message[]): number {
    if (this.#frame !== undefined) return this.#takeFrame(this.#frame, rest, messages);
    if (this.#prefixFilled === 0 && rest.length >= PREFIX_BYTES) {
      const total = readTotal(rest, this.#limits);
      if (total <= rest.length) {
        this.#hasViews = true;
        messages.push(this.#read(rest, total));
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

  #takeFrame(frame: Buffer, rest: Buffer, messages: Message[]): number {
    const used = rest.copy(frame, this.#frameFilled);
    this.#frameFilled += used;
    if (this.#frameFilled === frame.length) {
      this.#frame = undefined;
      messages.push(this.#read(frame, frame.length));
    }
    return used;
  }

  #read(bytes: Buffer, total: number): Message {
    const bodyAt = PREFIX_BYTES + bytes.readUInt32LE(4);
    const body = bytes.subarray(bodyAt, total);
    return this.#reader(bytes, bodyAt)(bytes.readUInt32LE(8), body);
  }

  /** Of the header before it, where that was the same. */
  #reader(bytes: Buffer, end: number): ReadBody<Message> {
    const isLast = this.#lastHeader.compare(bytes, PREFIX_BYTES, end) === 0;
    if (isLast && this.#readBody !== undefined) return this.#readBody;
    const header = Buffer.from(bytes.subarray(PREFIX_BYTES, end));
    const readBody = this.#readHeader(parseHeader(header));
    this.#lastHeader = header;
    this.#readBody = readBody;
    return readBody;
  }
}

/** Every frame has a header, so a total is never as small as the prefix alone. */
function readTotal(bytes: Buffer, limits: FrameLimits): number {
  const total = bytes.readUInt32LE(0);
  refuseSizes(total, bytes.readUInt32LE(4), limits);
  const rest = bytes.readUInt32LE(12);
  if (rest !== 0) throw new FrameError(`expected zero before a frame's header, got ${rest}`);
  return total;
}

function refuseSizes(total: number, headerLength: number, limits: FrameLimits): void {
  if (total > limits.frameBytesMax) {
    throw new FrameError(`expected a frame of at most ${limits.frameBytesMax} bytes, got ${total}`);
  }
  if (headerLength > limits.frameHeaderBytesMax) {
    throw new FrameError(
      `expected a frame header of at most ${limits.frameHeaderBytesMax} bytes, got ${headerLength}`,
    );
  }
  const isAligned = headerLength % ALIGNMENT === 0 && total % ALIGNMENT === 0;
  if (headerLength === 0 || !isAligned || headerLength + PREFIX_BYTES > total) {
    throw new FrameError(
      `expected a header inside its frame, got ${headerLength} of ${total} bytes`,
    );
  }
}

function parseHeader(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    throw new FrameError("expected a frame header of JSON", { cause });
  }
}

const PADDING = new Uint8Array(ALIGNMENT);

function padded(part: Uint8Array): Uint8Array[] {
  const missing = aligned(part.length) - part.length;
  return missing === 0 ? [part] : [part, PADDING.subarray(0, missing)];
}
