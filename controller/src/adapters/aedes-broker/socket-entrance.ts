import { createServer, type Socket } from "node:net";
import { busLimits } from "@modelfleet/protocol";
import { fullBucket, type TokenBucket, takeToken } from "../../domain/token-bucket.ts";
import type { Clock } from "../../ports/clock.ts";
import { FrameGuard, type FrameRules } from "./frame-guard.ts";
import { type ListenAddress, listen } from "./listen.ts";
import { PendingConnections } from "./pending-connections.ts";

export interface SocketEntranceOptions {
  readonly clock: Clock;
  readonly rules: FrameRules;
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
  readonly #server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: busLimits.tcpKeepaliveMs,
  });

  constructor(options: SocketEntranceOptions) {
    this.#options = options;
    this.#server.on("connection", (socket) => this.#welcome(socket));
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
  }

  #welcome(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const giveBack = this.#pending.take(address);
    if (giveBack === undefined) {
      this.#options.onRefused(address, "PENDING_TOO_MANY");
      socket.destroy();
      return;
    }
    const guard = new FrameGuard({
      socket,
      rules: this.#options.rules,
      onViolation: (violation) => this.#options.onRefused(address, violation),
    });
    this.#guards.add(guard);
    this.#admissions.set(guard, (device) => {
      giveBack();
      guard.admit(() => this.#publishWaitMs(device));
    });
    guard.once("close", () => {
      giveBack();
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
