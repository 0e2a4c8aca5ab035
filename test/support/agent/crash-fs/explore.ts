import { CrashImage } from "./crash-image.ts";
import { crashStates } from "./crash-states.ts";
import type { JournalEntry } from "./operation.ts";
import { type Tree, treeKey } from "./tree.ts";

export type Run<Note> = {
  /** What was durable when the recording began. */
  readonly start: Tree;
  readonly journal: readonly JournalEntry<Note>[];
  /** What the program believed in the end. */
  readonly end: Note;
};

/** A state after a power cut before the operation of that number, and what the program had been told until then. */
export type CrashState<Note> = {
  readonly before: number;
  readonly tree: Tree;
  readonly note: Note;
};

export type Violation = { readonly before: number; readonly text: string };

export type Exploration = {
  readonly prefixes: number;
  /** Of all prefixes together. */
  readonly states: number;
  /** Those among them that differ in what is on the disk, or in what must be there. */
  readonly distinct: number;
  readonly violations: readonly Violation[];
};

export type ExploreOptions<Note> = {
  /** What is wrong with what a start finds; nothing when all is well. */
  readonly check: (state: CrashState<Note>) => Promise<readonly string[]>;
  /** Two states with the same disk and the same answer need one check. */
  readonly demands: (note: Note) => string;
  readonly violationsMax?: number;
};

/** Checks every state that a power cut may leave of a run, for every prefix of the run. */
export async function explore<Note>(
  { start, journal, end }: Run<Note>,
  { check, demands, violationsMax = 20 }: ExploreOptions<Note>,
): Promise<Exploration> {
  const image = new CrashImage(start);
  const seen = new Set<string>();
  const violations: Violation[] = [];
  let states = 0;
  for (let before = 0; before <= journal.length; before += 1) {
    const entry = journal[before];
    const note = entry === undefined ? end : entry.note;
    const demanded = demands(note);
    for (const tree of crashStates(image)) {
      states += 1;
      const key = `${demanded} ${treeKey(tree)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const wrong = await check({ before, tree, note });
      violations.push(...wrong.map((text) => ({ before, text })));
      if (violations.length >= violationsMax) break;
    }
    if (violations.length >= violationsMax) break;
    if (entry !== undefined) image.apply(entry.operation);
  }
  return { prefixes: journal.length + 1, states, distinct: seen.size, violations };
}
