import { monitorEventLoopDelay } from "node:perf_hooks";

export interface EventLoopLag extends Disposable {
  /** Since this was last asked, by quantile; seconds. Nothing before there is anything to tell. */
  readonly read: () => Readonly<Record<string, number>>;
}

const RESOLUTION_MS = 10;
const NS_PER_SECOND = 1e9;

export function measureEventLoopLag(): EventLoopLag {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    read: () => {
      if (histogram.count === 0) return {};
      // The histogram holds the whole time between two looks.
      const seconds = (ns: number) => Math.max(0, ns / NS_PER_SECOND - RESOLUTION_MS / 1_000);
      const read = {
        "0.5": seconds(histogram.percentile(50)),
        "0.99": seconds(histogram.percentile(99)),
        "1": seconds(histogram.max),
      };
      histogram.reset();
      return read;
    },
    [Symbol.dispose]: () => {
      histogram.disable();
    },
  };
}
