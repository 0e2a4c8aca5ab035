/** What this process itself knows of how it is. */
export interface ProcessFigures {
  /** Devices connected now. */
  readonly connections: () => number;
  /** How late the event loop was since this was last asked, by quantile (`0.5`, `0.99`, `1`); seconds. */
  readonly eventLoopLag: () => Readonly<Record<string, number>>;
}
