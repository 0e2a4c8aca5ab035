import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Client } from "aedes";
import { type FixedHeader, packetTypes, readFixedHeader } from "./fixed-header.ts";
import { type Peer, peerOf } from "./peer-certificate.ts";

export interface FrameRules {
  readonly connectPacketBytesMax: number;
  readonly packetBytesMax: number;
  /** From the open socket to the finished login. */
  readonly connectMsMax: number;
}

export type Violation =
  | "CONNECT_EXPECTED"
  | "CONNECT_TOO_LARGE"
  | "PACKET_TOO_LARGE"
  | "MALFORMED_LENGTH"
  | "LOGIN_TOO_SLOW";

export interface FrameGuardOptions {
  readonly socket: Socket;
  readonly rules: FrameRules;
  readonly onViolation: (violation: Violation) => void;
}

/**
 * Stands between a socket and the broker's parser, which would buffer 256 MiB from a stranger.
 *
 * 1. The first packet is a CONNECT of bounded size; nothing after it passes until `admit`.
 * 2. Who is not admitted in time is cut off.
 * 3. The size of every packet is judged by its header, before a byte of its body is passed on.
 * 4. A publish above the rate waits here, with the socket paused: TCP holds the sender back and nothing is lost.
 */
export class FrameGuard extends Duplex {
  /** Who is at the other end; empty when it is gone already. */
  readonly address: string;
  readonly peer: Peer;
  readonly #socket: Socket;
  readonly #options: FrameGuardOptions;
  readonly #loginTimer: NodeJS.Timeout;
  #stage: "connect" | "login" | "open" = "connect";
  #bodyBytesLeft = 0;
  #held: Buffer = Buffer.alloc(0);
  #isReaderFull = false;
  #publishWaitMs: () => number = () => 0;
  #waitTimer: NodeJS.Timeout | undefined;

  constructor(options: FrameGuardOptions) {
    super({ allowHalfOpen: false });
    this.#options = options;
    this.#socket = options.socket;
    this.address = options.socket.remoteAddress ?? "";
    this.peer = peerOf(options.socket);
    this.#loginTimer = setTimeout(() => this.#refuse("LOGIN_TOO_SLOW"), options.rules.connectMsMax);
    this.#socket.on("data", (chunk: Buffer) => this.#accept(chunk));
    this.#socket.on("end", () => this.push(null));
    this.#socket.on("error", (error) => this.destroy(error));
    this.#socket.on("close", () => this.destroy());
  }

  /**
   * The login is done: what the client sent meanwhile may pass.
   *
   * @param publishWaitMs milliseconds until its next publish may pass; 0 takes the right to one
   */
  admit(publishWaitMs: () => number): void {
    clearTimeout(this.#loginTimer);
    this.#publishWaitMs = publishWaitMs;
    this.#stage = "open";
    this.#continue();
  }

  override _read(): void {
    this.#isReaderFull = false;
    this.#continue();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#loginTimer);
    clearTimeout(this.#waitTimer);
    this.#held = Buffer.alloc(0);
    this.#socket.destroy();
    done(error);
  }

  #accept(chunk: Buffer): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    const passed = this.#lengthThatMayPass(bytes);
    if (this.destroyed) return;
    if (passed > 0 && !this.push(bytes.subarray(0, passed))) this.#isReaderFull = true;
    this.#held = bytes.subarray(passed);
    if (this.#mustWait()) this.#socket.pause();
  }

  /** Takes up what was held, then reads on. */
  #continue(): void {
    if (this.destroyed || this.#waitTimer !== undefined) return;
    if (this.#held.length > 0) this.#accept(Buffer.alloc(0));
    if (!this.#mustWait()) this.#socket.resume();
  }

  #mustWait(): boolean {
    // A held header may be incomplete: at the start of a packet that is no reason to stop reading.
    const isHeld = this.#held.length > 0 && readFixedHeader(this.#held, 0).kind === "header";
    return this.#isReaderFull || isHeld || this.#waitTimer !== undefined;
  }

  #lengthThatMayPass(bytes: Buffer): number {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#bodyBytesLeft === 0) {
        const header = readFixedHeader(bytes, offset);
        if (!this.#mayBegin(header)) return offset;
        this.#bodyBytesLeft = header.kind === "header" ? header.packetBytes : 0;
      }
      const length = Math.min(this.#bodyBytesLeft, bytes.length - offset);
      offset += length;
      this.#bodyBytesLeft -= length;
    }
    return offset;
  }

  #mayBegin(header: FixedHeader): boolean {
    if (header.kind === "incomplete") return false;
    if (header.kind === "malformed") return this.#refuse("MALFORMED_LENGTH");
    if (this.#stage === "connect") return this.#mayConnect(header.type, header.packetBytes);
    if (header.packetBytes > this.#options.rules.packetBytesMax) {
      return this.#refuse("PACKET_TOO_LARGE");
    }
    if (this.#stage === "login") return false;
    return header.type !== packetTypes.publish || this.#mayPublish();
  }

  #mayConnect(type: number, packetBytes: number): boolean {
    if (type !== packetTypes.connect) return this.#refuse("CONNECT_EXPECTED");
    if (packetBytes > this.#options.rules.connectPacketBytesMax) {
      return this.#refuse("CONNECT_TOO_LARGE");
    }
    this.#stage = "login";
    return true;
  }

  #mayPublish(): boolean {
    const waitMs = this.#publishWaitMs();
    if (waitMs === 0) return true;
    this.#waitTimer = setTimeout(() => {
      this.#waitTimer = undefined;
      this.#continue();
    }, waitMs);
    return false;
  }

  #refuse(violation: Violation): false {
    if (this.destroyed) return false;
    this.#options.onViolation(violation);
    this.destroy();
    return false;
  }
}

/** What the broker calls the connection of a client. */
export function guardOf({ conn }: Client): FrameGuard | undefined {
  return conn instanceof FrameGuard ? conn : undefined;
}
