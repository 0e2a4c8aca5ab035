/**
 * A controller that judges everything that is due and kills itself with SIGKILL on the way, in a process of its own:
 * `node mortal-judge.ts <home> <nowMs> <before|after|never> <commit>`.
 */
import { driftWorld } from "./drift-world.ts";

const [, , home = "", nowMs = "0", when = "never", count = "0"] = process.argv;
let commits = 0;

function dieAt(moment: string): void {
  if (moment === when && commits === Number(count)) process.kill(process.pid, "SIGKILL");
}

const world = await driftWorld({
  home,
  nowMs: Number(nowMs),
  over: ({ drift }) => ({
    drift: {
      ...drift,
      commit: async (outcome) => {
        commits += 1;
        dieAt("before");
        const isStored = await drift.commit(outcome);
        dieAt("after");
        return isStored;
      },
    },
  }),
});
await world.stores.rollouts.recover();
await world.app.driftEngine.tick();
await world[Symbol.asyncDispose]();
