import type { Subscription } from "../domain/binding/binding-plan.ts";

/** A broker on the device or beside it. It comes and goes; nothing waits for it. */
export interface LocalBus {
  /** Connect, and connect again with growing pauses, until the signal aborts. */
  readonly run: (
    subscriptions: readonly Subscription[],
    receive: (message: LocalMessage) => void,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly connected: () => boolean;
  /** Resolves when the broker has it. @throws BusError when it has not; nothing is kept for later */
  readonly publish: (answer: LocalAnswer) => Promise<void>;
}

/** What arrived, capped in size, not yet believed. */
export interface LocalMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** It is an old one, which the broker kept. */
  readonly isRetained: boolean;
  /** Of MQTT 5; undefined with 3.1.1. */
  readonly responseTopic?: string | undefined;
  readonly correlation?: Uint8Array | undefined;
  /** User property `inference-header-content-length`. */
  readonly headerLength?: string | undefined;
}

export interface LocalAnswer {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1;
  /** These three go with MQTT 5 only. */
  readonly correlation?: Uint8Array | undefined;
  readonly contentType?: string | undefined;
  readonly headerLength?: string | undefined;
}
