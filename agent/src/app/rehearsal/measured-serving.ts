import type { Serving } from "../../ports/serving.ts";
import type { LiveBook } from "./live-book.ts";

/** The same serving, with the book told who answers after whom. */
export function measuredServing(serving: Serving, book: LiveBook): Serving {
  return {
    activate: (slot, model) => {
      book.activated(slot, model, serving.active(slot));
      return serving.activate(slot, model);
    },
    deactivate: (slot) => {
      book.emptied(slot, serving.active(slot));
      return serving.deactivate(slot);
    },
    canary: (slot, canary) => serving.canary(slot, canary),
    active: (slot) => serving.active(slot),
    health: (slot) => serving.health(slot),
  };
}
