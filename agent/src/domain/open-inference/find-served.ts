import type { ReleaseReference } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import type { ServedModels, ServedSlot } from "./served-models.ts";

/** Who may answer, and who will as soon as it is loaded. */
export interface Loadable {
  readonly models: ServedModels;
  /** Installed releases that do not answer yet, as in the first moments after a start. */
  readonly loading?: () => readonly ReleaseReference[];
}

export interface AskedModel {
  readonly model: string;
  /** Only this version will do; whichever is active when undefined. */
  readonly version: string | undefined;
}

/** @throws InferError UNKNOWN_MODEL; NOT_READY while it is being loaded, or no model runs at all */
export function findServed(
  { model, version }: AskedModel,
  { models, loading }: Loadable,
): ServedSlot {
  const isAsked = (release: Pick<ReleaseReference, "model" | "version">) =>
    release.model === model && (version === undefined || release.version === version);
  const slots = models.slots();
  const found = slots.find(({ model: served }) => isAsked(served.staged.document));
  if (found !== undefined) return found;
  const coming = loading?.() ?? [];
  const wanted = coming.filter(isAsked);
  if (wanted.length > 0) throw notReady(wanted);
  if (slots.length === 0) throw notReady(coming);
  const known = slots.map(({ model: served }) => nameOf(served.staged.document)).join(", ");
  const asked = version === undefined ? model : `${model} ${version}`;
  throw new InferError(
    "UNKNOWN_MODEL",
    `model ${asked.slice(0, 140)}: expected one that is active here (${known}), got another`,
  );
}

/** Why nobody answers yet. */
export function notReady([coming]: readonly ReleaseReference[]): InferError {
  const text =
    coming === undefined
      ? "no model runs on this device; deploy one"
      : `the release ${nameOf(coming)} is being loaded; try again in a second`;
  return new InferError("NOT_READY", text);
}

function nameOf({ model, version }: { readonly model: string; readonly version: string }): string {
  return `${model} ${version}`;
}
