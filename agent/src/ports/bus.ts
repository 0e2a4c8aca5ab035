import type { RequestOperation, UpStream } from "@modelfleet/protocol";

/** The device's connection to its controller. It comes and goes; nothing may depend on it being there. */
export interface Bus {
  /** Connect, and connect again with growing pauses, until the signal aborts; then say goodbye and resolve. */
  readonly run: (listener: BusListener, signal: AbortSignal) => Promise<void>;
  readonly connected: () => boolean;
  /** Resolves when the broker has taken it. @throws BusError when there is no connection, or it broke meanwhile */
  readonly publish: (stream: UpStream, bytes: Uint8Array) => Promise<void>;
  readonly request: (operation: RequestOperation, bytes: Uint8Array) => Promise<void>;
}

/** What arrives. Bytes are as received, capped in size, not yet believed. */
export interface BusListener {
  /** Subscribed and present; said once for every connection. */
  readonly connected: () => void;
  readonly disconnected: () => void;
  readonly desired: (bytes: Uint8Array) => void;
  readonly acknowledged: (bytes: Uint8Array) => void;
  readonly controllerState: (bytes: Uint8Array) => void;
}
