/** What the controller of the demo judges together, milliseconds; each device asks some 500 times in it. */
export const DRIFT_CELL_MS = 5_000;
