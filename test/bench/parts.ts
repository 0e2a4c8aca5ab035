import type { BenchPart } from "./bench-line.ts";

/** Every part of `npm run bench`, in the order they run; each in a module of its own, loaded when its turn comes. */
export const benchParts: readonly {
  readonly name: string;
  readonly load: () => Promise<BenchPart>;
}[] = [
  { name: "infer", load: async () => (await import("./infer-overhead.ts")).infer },
  { name: "inline", load: async () => (await import("./inline.ts")).inline },
  { name: "shadow", load: async () => (await import("./shadow.ts")).shadow },
  { name: "footprint", load: async () => (await import("./footprint.ts")).footprint },
  { name: "runner-faults", load: async () => (await import("./runner-faults.ts")).runnerFaults },
  { name: "runtimes", load: async () => (await import("./runtimes.ts")).runtimes },
  { name: "swap", load: async () => (await import("./swap-part.ts")).swap },
  { name: "swap-memory", load: async () => (await import("./swap-memory.ts")).swapMemory },
  { name: "swap-gap", load: async () => (await import("./swap-gap.ts")).swapGap },
  { name: "batching", load: async () => (await import("./batching.ts")).batching },
  { name: "overload", load: async () => (await import("./overload.ts")).overload },
];
