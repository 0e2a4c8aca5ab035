/** How a package starts the agent (`tools/pack/pack-folder.ts`): with a young generation of 1 MB. */
export const agentFlags = ["--max-semi-space-size=1"];

/** What it sets for the C library's allocator, which keeps memory flat over many swaps (agent.md 10.3). */
export const agentEnvironment = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_ARENA_MAX: "1" };
