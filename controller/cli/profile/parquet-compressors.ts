import * as zlib from "node:zlib";
import { profileLimits } from "@modelfleet/protocol";
import type { Compressors } from "hyparquet";

const bounds = { maxOutputLength: profileLimits.groupBytesMax };

/** What Parquet files are packed with besides Snappy, which the library unpacks itself; Zstandard from Node 22.15 on. */
export const compressors: Compressors = {
  GZIP: (bytes) => zlib.gunzipSync(bytes, bounds),
  BROTLI: (bytes) => zlib.brotliDecompressSync(bytes, bounds),
  ZSTD: (bytes) => zlib.zstdDecompressSync(bytes, bounds),
};
