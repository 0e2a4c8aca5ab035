/** How windows are drawn from the reference. */
export interface Bootstrap {
  readonly windowItems: number;
  /** Neighbouring rows drawn together; at most `windowItems`. */
  readonly blockItems: number;
  readonly replicates: number;
  /** Share of the drawn windows below the threshold. */
  readonly quantile: number;
  /** 32 bits. */
  readonly seed: number;
  /** Hour of each row, below 48, when signals have a reference by the hour; a window is drawn from one. Shape [rows]. */
  readonly slots?: Uint8Array | undefined;
}

/** Where the rows of a reference fell, for one signal. */
export interface ReferenceRows {
  /** Bin of each row, in the order of time; one that is `bins` or more has no value. Shape [rows]. */
  readonly rows: Uint8Array;
  readonly bins: number;
}
