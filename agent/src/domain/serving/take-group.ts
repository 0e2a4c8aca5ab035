import type { RequestQueue } from "./request-queue.ts";
import type { Ticket } from "./ticket.ts";

/**
 * The oldest that waits, and those behind it that can be asked as one with it, in their order.
 *
 * @param rowsMax of all together; the oldest goes whatever its rows
 */
export function takeGroup(queue: RequestQueue<Ticket>, rowsMax: number): readonly Ticket[] {
  const first = queue.shift();
  if (first === undefined) return [];
  const { form, isAlone } = first;
  if (isAlone || form === undefined || form.rows >= rowsMax) return [first];
  let rows = form.rows;
  const joining = queue.withdraw((other) => {
    const joined = rows + (other.form?.rows ?? 0);
    if (other.isAlone || other.form?.key !== form.key || joined > rowsMax) return false;
    rows = joined;
    return true;
  });
  return [first, ...joining];
}
