import { spareMemory } from "../../../agent/src/spare-memory.ts";

/** Does the same small work very often: first as an agent nobody asks, then as one that is asked. Run with `--trace-opt`. */
const asked = spareMemory({
  v8: process.argv[2] ?? process.versions.v8,
  arch: process.argv[3] ?? process.arch,
  hasCompilers: "WebAssembly" in globalThis,
});
console.log("sparing");
work();
console.log("asked");
asked();
work();

function work(): void {
  let sum = 0;
  for (let i = 0; i < 2_000_000; i++) sum = step(sum, i);
  console.log(sum);
}

function step(sum: number, i: number): number {
  return (sum * 31 + i) % 65_521;
}
