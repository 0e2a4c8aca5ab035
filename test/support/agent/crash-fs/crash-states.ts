/**
 * CrashFS: every state a power cut may leave of a recorded run.
 *
 * The model, for which a program must be right if it is to be right on the file systems in use:
 *
 * 1. The power may fail between any two operations. What was in progress is one of the states before it or after it.
 * 2. `sync` of a file makes its data and its size durable, not its name. `syncFolder` makes names in that folder
 *    durable, not what they lead to, nor the name of the folder itself.
 * 3. Data without a sync may be lost, kept, torn between any two sectors of 512 bytes in any order, or be zeros under the
 *    new size (`torn.ts`). A sector is written whole or not at all.
 * 4. Each create, rename and remove without a sync of its folder may be lost or kept, whatever became of those before
 *    and after it, and whatever became of any data: nothing is ordered but by a sync.
 * 5. A rename is atomic for its target: under the new name is the old file or the new one. Within one folder the old name
 *    goes in the same moment; between two folders both names may be left. It never loses the file.
 * 6. A name under a folder whose own name was lost is lost with it.
 *
 * Rules 2 to 4 are those of the abstract persistence model of ALICE (Pillai et al., OSDI 2014): operations broken into
 * writes of blocks, changes of size and changes of directory entries, re-ordered freely between syncs. Rule 5 is weaker
 * than what journalling file systems promise; CrashMonkey (Mohan et al., OSDI 2018) found broken atomicity of renames in
 * real ones. Not modelled: permissions, times, loss of data after a sync that reported success, and a recursive remove
 * that stops half way.
 *
 * Where the undecided things of one moment combine to more than `combinationsMax` states, not all are tried: then all
 * lost, all kept, and from each of these two every single deviation.
 */
import type { Choice, CrashImage } from "./crash-image.ts";
import type { Tree } from "./tree.ts";

const combinationsMax = 128;

export function* crashStates(image: CrashImage): Generator<Tree> {
  const choices = image.choices();
  const combinations = choices.reduce((product, { options }) => product * options.length, 1);
  const decisions = combinations <= combinationsMax ? everyOne(choices) : deviations(choices);
  for (const decided of decisions) yield image.tree(choices, decided);
}

function* everyOne(choices: readonly Choice[]): Generator<readonly number[]> {
  const [first, ...others] = choices;
  if (first === undefined) {
    yield [];
    return;
  }
  for (let option = 0; option < first.options.length; option += 1) {
    for (const rest of everyOne(others)) yield [option, ...rest];
  }
}

function* deviations(choices: readonly Choice[]): Generator<readonly number[]> {
  const lost = choices.map(() => 0);
  const kept = choices.map(({ options }) => options.length - 1);
  for (const base of [lost, kept]) {
    yield base;
    for (const [index, { options }] of choices.entries()) {
      for (let option = 0; option < options.length; option += 1) {
        yield base.with(index, option);
      }
    }
  }
}
