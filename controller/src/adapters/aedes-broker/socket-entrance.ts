import { createServer, type Socket } from "node:net";
import { busLimits } from "@modelfleet/protocol";
import { fullBucket, takeToken } from "../../domain/token-bucket.ts";
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
const TCP_KEEPALIVE_MS = 60_000;

/** Owns the listening port and every socket that came in by it; each goes on behind a guard. */
export class SocketEntrance {
  readonly #options: SocketEntranceOptions;
  readonly #pending = new PendingConnections(busLimits.pendingConnectionsPerAddressMax);
  readonly #admissions = new Map<unknown, () => void>();
  readonly #guards = new Set<FrameGuard>();
  readonly #server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEPALIVE_MS,
  });

  constructor(options: SocketEntranceOptions) {
    this.#options = options;
    this.#server.on("connection", (socket) => this.#welcome(socket));
  }

  /** @throws BrokerError PORT_IN_USE | LISTEN_FAILED */
  open(address: ListenAddress): Promise<number> {
    return listen(this.#server, address);
  }

  /** The broker has accepted the login on this connection. */
  admit(connection: unknown): void {
    this.#admissions.get(connection)?.();
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
      publishWaitMs: this.#publishRate(),
      onViolation: (violation) => this.#options.onRefused(address, violation),
    });
    this.#guards.add(guard);
    this.#admissions.set(guard, () => {
      giveBack();
      guard.admit();
    });
    guard.once("close", () => {
      giveBack();
      this.#guards.delete(guard);
      this.#admissions.delete(guard);
    });
    this.#options.onGuarded(guard);
  }

  #publishRate(): () => number {
    const { clock } = this.#options;
    let bucket = fullBucket(publishRule, clock.nowMs());
    return () => {
      const take = takeToken(publishRule, bucket, clock.nowMs());
      if (take.kind === "wait") return take.waitMs;
      bucket = take.bucket;
      return 0;
    };
  }
}
