/** What this process itself knows of how it is. */
export interface ProcessFigures {
  /** Devices connected now; of the broker in this process. */
  readonly connections?: () => number;
  /** What a broker elsewhere delivered and was not taken in, by reason. */
  readonly messagesDropped?: () => Readonly<Record<string, number>>;
  /** How late the event loop was since this was last asked, by quantile (`0.5`, `0.99`, `1`); seconds. */
  readonly eventLoopLag: () => Readonly<Record<string, number>>;
}
