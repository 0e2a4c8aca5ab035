/** Bounds of making reference profiles; a part of `limits.ts`. */

import { KIB, MIB } from "./measures.ts";

/** Making a reference profile out of a file of rows (docs/profile.md). */
export const profileLimits = {
  rowsMax: 2_000_000,
  /** Numbers that are held at once, 8 B each. */
  valuesMax: 50_000_000,
  columnsMax: 4_096,
  /** Elements of one list. */
  listLengthMax: 16_384,
  projectionsMax: 16,
  wordLengthMax: 64,
  /** Different words of one column that are counted; beyond, they are taken for names or free text. */
  wordsCountedMax: 65_536,
  recordBytesMax: MIB,
  configBytesMax: 256 * KIB,
  /** Of one row group of a Parquet file, unpacked. */
  groupBytesMax: 1_024 * MIB,
  windowItemsMin: 50,
  windowItemsMax: 1_000_000,
} as const;
