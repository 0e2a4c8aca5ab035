import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { fixedHeader } from "./raw-connection.ts";

export interface PlainClientOptions {
  readonly port: number;
  /** undefined: plain TCP. */
  readonly tls?: ClientTls | undefined;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly will?:
    | { readonly topic: string; readonly text: string; readonly retain: boolean }
    | undefined;
}

/** All in PEM. */
export interface ClientTls {
  readonly ca: string;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface PlainMessage {
  readonly topic: string;
  readonly text: string;
  readonly retain: boolean;
}

const patienceMs = 10_000;

/**
 * An MQTT 3.1.1 client that sends what it is told, also what no library would. What it has heard before the answer to
 * `settled` is all that was on its way to it.
 */
export class PlainClient implements AsyncDisposable {
  readonly messages: PlainMessage[] = [];
  readonly #socket: Socket;
  readonly #answers = new Map<number, (() => void)[]>();
  #bytes: Buffer = Buffer.alloc(0);
  #returnCode: number | undefined;
  #packetId = 0;

  /** @returns undefined when it was not let in */
  static async open(options: PlainClientOptions): Promise<PlainClient | undefined> {
    const { port, tls } = options;
    const address = { host: "127.0.0.1", port };
    const socket =
      tls === undefined ? connectTcp(address) : connectTls({ ...shownIn(tls), ...address });
    const client = new PlainClient(socket);
    client.#write(connectPacket(options));
    await client.#answer(2);
    if (client.#returnCode === 0) return client;
    await client[Symbol.asyncDispose]();
    return undefined;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("close", () => this.#answerAll());
    socket.setTimeout(patienceMs, () =>
      socket.destroy(new Error("expected an answer of the broker")),
    );
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Sends it, and waits until the broker has dealt with it: by an answer, or by closing the connection. */
  async publish(
    topic: string,
    text: string,
    { qos = 1, retain = false }: { readonly qos?: 0 | 1; readonly retain?: boolean } = {},
  ): Promise<void> {
    const id = qos === 0 ? Buffer.alloc(0) : this.#nextId();
    const body = Buffer.concat([textOf(topic), id, Buffer.from(text)]);
    this.#write(
      Buffer.concat([fixedHeader(0x30 | (qos << 1) | (retain ? 1 : 0), body.length), body]),
    );
    await this.settled();
  }

  async subscribe(filter: string, qos: 0 | 1 = 1): Promise<void> {
    const body = Buffer.concat([this.#nextId(), textOf(filter), Buffer.from([qos])]);
    this.#write(Buffer.concat([fixedHeader(0x82, body.length), body]));
    await this.settled();
  }

  /** Everything sent has been dealt with, and everything the broker had for it then has come; or it is closed. */
  async settled(): Promise<void> {
    this.#write(Buffer.from([0xc0, 0]));
    await this.#answer(13);
  }

  /** Breaks the protocol, so that the broker ends the connection and says the will. */
  async misbehave(): Promise<void> {
    this.#write(Buffer.from([0xf0, 0]));
    if (!this.#socket.closed) await once(this.#socket, "close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, "close");
    this.#socket.end(Buffer.from([0xe0, 0]));
    this.#socket.destroySoon();
    await closed;
  }

  #nextId(): Buffer {
    this.#packetId += 1;
    return Buffer.from([this.#packetId >> 8, this.#packetId & 0xff]);
  }

  #write(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Resolves with the next packet of this type, and when the connection is gone. */
  #answer(type: number): Promise<void> {
    if (this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#answers.set(type, [...(this.#answers.get(type) ?? []), resolve]);
    });
  }

  #answerAll(): void {
    for (const waiting of this.#answers.values()) for (const resolve of waiting) resolve();
    this.#answers.clear();
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const packet = firstPacket(this.#bytes);
      if (packet === undefined) return;
      this.#bytes = this.#bytes.subarray(packet.length);
      this.#take(packet);
    }
  }

  #take({ flags, type, body }: Packet): void {
    if (type === 3) this.#takeMessage(flags, body);
    if (type === 2) this.#returnCode = body[1];
    this.#answers.get(type)?.shift()?.();
  }

  #takeMessage(flags: number, body: Buffer): void {
    const qos = (flags >> 1) & 3;
    const end = 2 + body.readUInt16BE(0);
    const topic = body.subarray(2, end).toString("utf8");
    const text = body.subarray(qos === 0 ? end : end + 2).toString("utf8");
    this.messages.push({ topic, text, retain: (flags & 1) === 1 });
    if (qos === 1)
      this.#write(Buffer.concat([Buffer.from([0x40, 2]), body.subarray(end, end + 2)]));
  }
}

interface Packet {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
  readonly length: number;
}

function firstPacket(bytes: Buffer): Packet | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  let bodyLength = 0;
  for (let index = 1; index < 5; index += 1) {
    const digit = bytes[index];
    if (digit === undefined) return undefined;
    bodyLength += (digit & 0x7f) * 128 ** (index - 1);
    if (digit >= 0x80) continue;
    const length = index + 1 + bodyLength;
    if (bytes.length < length) return undefined;
    return { type: first >> 4, flags: first & 15, body: bytes.subarray(index + 1, length), length };
  }
  throw new Error("expected a packet of MQTT");
}

function connectPacket({ clientId, username, password, will }: PlainClientOptions): Buffer {
  const flags =
    2 |
    (username === undefined ? 0 : 0x80) |
    (password === undefined ? 0 : 0x40) |
    (will === undefined ? 0 : 4 | (1 << 3) | (will.retain ? 0x20 : 0));
  const body = Buffer.concat([
    textOf("MQTT"),
    Buffer.from([4, flags, 0, 60]),
    textOf(clientId),
    ...(will === undefined ? [] : [textOf(will.topic), textOf(will.text)]),
    ...(username === undefined ? [] : [textOf(username)]),
    ...(password === undefined ? [] : [textOf(password)]),
  ]);
  return Buffer.concat([fixedHeader(0x10, body.length), body]);
}

function textOf(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function shownIn({ ca, cert, key }: ClientTls) {
  return cert === undefined || key === undefined ? { ca } : { ca, cert, key };
}
