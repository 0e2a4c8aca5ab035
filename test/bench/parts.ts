import type { BenchPart } from "./bench-line.ts";

/** Every part of `npm run bench`, in the order they run; each in a module of its own, loaded when its turn comes. */
export const benchParts: readonly {
  readonly name: string;
  readonly load: () => Promise<BenchPart>;
}[] = [
  { name: "shadow", load: async () => (await import("./shadow.ts")).shadow },
  { name: "footprint", load: async () => (await import("./footprint.ts")).footprint },
  { name: "runner-faults", load: async () => (await import("./runner-faults.ts")).runnerFaults },
];
