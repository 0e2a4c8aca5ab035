import type { DenseNetwork } from "./dense-network.ts";

/**
 * Networks of three speeds, for benches that compare the agent with the bare library in one run.
 *
 * p50 and p99 of one row on bare onnxruntime-node 1.30, `intraOpNumThreads: 1`, three runs of 3 s each on two shared
 * cores of an AMD EPYC (November 2026). Another machine is faster or slower as a whole: a bench states what it
 * measured, these figures only say which order of magnitude each stands for.
 *
 * | Name   | File    | p50           | p99           |
 * |--------|---------|---------------|---------------|
 * | small  | 0.11 MB | 21–33 µs      | 55–75 µs      |
 * | medium | 1.21 MB | 0.92–0.96 ms  | 1.2–1.3 ms    |
 * | large  | 4.54 MB | 18.9–19.5 ms  | 21.0–22.3 ms  |
 *
 * The slow ones repeat one layer instead of growing: 20 ms of distinct weights would be a file of 300 MB, and the
 * bench would measure memory and disk. (For scale: a 64-32-10 network takes 10 µs.)
 */
export const benchModels = {
  small: { layers: [64, 128, 128, 10], repeats: 11, seed: 1 },
  medium: { layers: [64, 512, 512, 10], repeats: 76, seed: 1 },
  large: { layers: [64, 1024, 1024, 10], repeats: 370, seed: 1 },
} as const satisfies Record<string, DenseNetwork>;
