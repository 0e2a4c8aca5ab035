import { sha256 } from "@modelfleet/protocol";
import type { AlertSubject } from "./alert-state.ts";

const ID_LENGTH = 24;

/** Names an alert by what it is about and when it began: whoever works it out again finds the same. 24 hex characters. */
export function alertId({ release, cohort, signal }: AlertSubject, startedAtMs: number): string {
  const text = JSON.stringify([release, cohort, signal, startedAtMs]);
  return sha256(new TextEncoder().encode(text)).slice(0, ID_LENGTH);
}
