import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { busLimits } from "@modelfleet/protocol";
import { fullBucket, type TokenBucket, takeToken } from "../../domain/token-bucket.ts";
import type { Clock } from "../../ports/clock.ts";
import type { BrokerTls } from "./broker-tls.ts";
import { FrameGuard, type FrameRules } from "./frame-guard.ts";
import { type ListenAddress, listen } from "./listen.ts";
import { PendingConnections } from "./pending-connections.ts";

export interface SocketEntranceOptions {
  readonly clock: Clock;
  readonly rules: FrameRules;
  readonly tls: BrokerTls | undefined;
  readonly onGuarded: (guard: FrameGuard) => void;
  readonly onRefused: (address: string, reason: string) => void;
}

const publishRule = {
  perSecond: busLimits.publishesPerSecondMax,
  burst: busLimits.publishBurstMax,
};

/** Owns the listening port and every socket that came in by it; each goes on behind a guard. */
export class SocketEntrance {
  readonly #options: SocketEntranceOptions;
  readonly #pending = new PendingConnections(busLimits.pendingConnectionsPerAddressMax);
  readonly #admissions = new Map<unknown, (device: string) => void>();
  /** One a device and not one a connection, or coming back would fill it. As many as the fleet has devices. */
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #guards = new Set<FrameGuard>();
  /** Of every TCP connection, as long as it stands. */
  readonly #places = new Map<string, Place>();
  readonly #server: Server;

  constructor(options: SocketEntranceOptions) {
    this.#options = options;
    this.#server = createListener(options);
    this.#server.on("connection", (socket) => this.#seat(socket));
    const welcome = (socket: Socket): void => this.#welcome(socket);
    this.#server.on(options.tls === undefined ? "connection" : "secureConnection", welcome);
    this.#server.on("tlsClientError", ({ message }: Error, { remoteAddress = "" }: Socket) =>
      options.onRefused(remoteAddress, `TLS ${message.slice(0, 128)}`),
    );
  }

  /** @throws BrokerError PORT_IN_USE | LISTEN_FAILED */
  async open(address: ListenAddress): Promise<number> {
    const port = await listen(this.#server, address);
    // A connection that cannot be accepted (no file handle left) is one connection lost, not the broker.
    this.#server.on("error", (error) => this.#options.onRefused("", error.message));
    return port;
  }

  /** The broker has accepted the login of this device on this connection. */
  admit(connection: unknown, device: string): void {
    this.#admissions.get(connection)?.(device);
  }

  /** Lets nobody in any more; who is in may stay until `close`. */
  stopListening(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  cutEverything(): void {
    for (const guard of this.#guards) guard.destroy();
    for (const { socket } of this.#places.values()) socket.destroy();
  }

  /** Counted from its first byte, before a handshake costs anything. */
  #seat(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const giveBack = this.#pending.take(address);
    if (giveBack === undefined) {
      this.#options.onRefused(address, "PENDING_TOO_MANY");
      socket.destroy();
      return;
    }
    const name = nameOf(socket);
    this.#places.set(name, { socket, giveBack, sinceMs: this.#options.clock.nowMs() });
    socket.once("close", () => {
      giveBack();
      this.#places.delete(name);
    });
  }

  #welcome(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const place = this.#places.get(nameOf(socket));
    if (place === undefined) return;
    // protocol.md 2.4: the time for the CONNECT began with the connection, not behind the handshake.
    const { rules, clock } = this.#options;
    const leftMs = rules.connectMsMax - (clock.nowMs() - place.sinceMs);
    const connectMsMax = Math.min(Math.max(1, leftMs), rules.connectMsMax);
    const guard = new FrameGuard({
      socket,
      rules: { ...rules, connectMsMax },
      onViolation: (violation) => this.#options.onRefused(address, violation),
    });
    this.#guards.add(guard);
    this.#admissions.set(guard, (device) => {
      place.giveBack();
      guard.admit(() => this.#publishWaitMs(device));
    });
    guard.once("close", () => {
      place.giveBack();
      this.#guards.delete(guard);
      this.#admissions.delete(guard);
    });
    this.#options.onGuarded(guard);
  }

  #publishWaitMs(device: string): number {
    const nowMs = this.#options.clock.nowMs();
    const bucket = this.#buckets.get(device) ?? fullBucket(publishRule, nowMs);
    const take = takeToken(publishRule, bucket, nowMs);
    if (take.kind === "wait") return take.waitMs;
    this.#buckets.set(device, take.bucket);
    return 0;
  }
}

interface Place {
  /** The TCP connection, also below TLS. */
  readonly socket: Socket;
  readonly giveBack: () => void;
  readonly sinceMs: number;
}

function createListener({ tls, rules }: SocketEntranceOptions): Server {
  const socketOptions = {
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: busLimits.tcpKeepaliveMs,
  };
  if (tls === undefined) return createServer(socketOptions);
  return createTlsServer({
    ...socketOptions,
    cert: tls.certificate,
    key: tls.key,
    minVersion: "TLSv1.2",
    handshakeTimeout: rules.connectMsMax,
    ...(tls.clients && { ca: tls.clients.pem, requestCert: true }),
    // Whoever enrols has no certificate yet; who needs one and has none is told so in the answer to its CONNECT.
    rejectUnauthorized: false,
  });
}

/** The same of a TCP connection and of the TLS inside it. */
function nameOf({ remoteAddress = "", remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
