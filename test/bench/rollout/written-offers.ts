import type { BenchFleet } from "./bench-fleet.ts";

const PAGE = 5_000;

/** What the audit log says of a rollout, by the order of its entries. */
export interface WrittenOffers {
  readonly halts: number;
  readonly offers: number;
  /** Of the offers, those between a halt and the word to go on. */
  readonly whileHalted: number;
}

export async function writtenOffers(
  { stores }: BenchFleet,
  rollout: string,
): Promise<WrittenOffers> {
  let [after, isHalted] = [0, false];
  const written = { halts: 0, offers: 0, whileHalted: 0 };
  const read = (action: string) => {
    if (action === "rollout.resumed") isHalted = false;
    if (action === "stage.failed") [isHalted, written.halts] = [true, written.halts + 1];
    if (action !== "execution.offered") return;
    written.offers += 1;
    if (isHalted) written.whileHalted += 1;
  };
  for (;;) {
    const events = await stores.audit.pageOf(`rollout:${rollout}`, after, PAGE);
    for (const { action } of events) read(action);
    const last = events.at(-1);
    if (last === undefined) return written;
    after = last.seq;
  }
}
