/** How a simulated agent reaches its controller: in this process, or by MQTT. All of it is best effort. */
export interface DeviceLine {
  /** Opens it; the agent's `connected` is called when it stands. `boot` goes with the presence message and the will. */
  readonly open: (boot: number) => void;
  /** It is gone at once, without a goodbye; the agent hears nothing more of it. */
  readonly cut: () => void;
  readonly send: (stream: "hello" | "report", envelope: Uint8Array) => void;
  /** protocol.md 4.3 */
  readonly askDesired: () => void;
}

/** What a line says to its agent. */
export interface LineListener {
  readonly connected: () => void;
  readonly disconnected: () => void;
  readonly desired: (envelope: Uint8Array) => void;
  readonly acknowledged: (place: { readonly boot: number; readonly seq: number }) => void;
}

/** The time a simulated agent lives in: the simulation's own, or that of the machine. */
export interface DeviceTime {
  /** Wall time, Unix milliseconds; the agent adds the error of its own clock. */
  readonly nowMs: () => number;
  readonly after: (ms: number, task: () => void) => void;
}
