import { availableParallelism } from "node:os";
import type { Tensor } from "../../agent/src/domain/tensor.ts";
import { toOrt } from "../../agent/src/runner/ort-tensor.ts";
import { loadOnnxruntime } from "../support/onnx/load-onnxruntime.ts";
import { digits, latencies } from "./statistics.ts";

const WARM_UP_RUNS = 50;

export type Figures = {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly perSecond: number;
};
export type Samples = { readonly tookMs: readonly number[]; readonly wholeMs: number };

/** So many clients, each asking again as soon as it is answered. */
export async function measure(
  once: () => Promise<unknown>,
  clients: number,
  measureMs: number,
): Promise<Samples> {
  for (let i = 0; i < WARM_UP_RUNS; i++) await once();
  const tookMs: number[] = [];
  const startMs = performance.now();
  const work = async () => {
    while (performance.now() - startMs < measureMs) {
      const beginMs = performance.now();
      await once();
      tookMs.push(performance.now() - beginMs);
    }
  };
  await Promise.all(Array.from({ length: clients }, work));
  return { tookMs, wholeMs: performance.now() - startMs };
}

/** Latency of one client that waits for each answer; throughput of however many there were together. */
export function figuresOf(alone: Samples, together: Samples): Figures {
  const { p50, p99 } = latencies(alone.tookMs);
  const perSecond = (together.tookMs.length / together.wholeMs) * 1_000;
  return { p50Us: digits(p50 * 1_000), p99Us: digits(p99 * 1_000), perSecond: digits(perSecond) };
}

export type BareSession = AsyncDisposable & { readonly once: () => Promise<unknown> };

/** The library alone in this process, with the options a runner gives it. */
export async function bareSession(path: string, input: Tensor): Promise<BareSession> {
  const ort = await loadOnnxruntime();
  const session = await ort.InferenceSession.create(path, {
    intraOpNumThreads: Math.max(1, availableParallelism() - 1),
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  const feeds = { [input.name]: toOrt(input, ort.Tensor) };
  return {
    once: () => session.run(feeds),
    [Symbol.asyncDispose]: () => session.release(),
  };
}
