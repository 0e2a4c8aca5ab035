/** How a package starts the agent (`tools/pack/pack-folder.ts`): with a young generation of 1 MB. */
export const agentFlags = ["--max-semi-space-size=1"];
