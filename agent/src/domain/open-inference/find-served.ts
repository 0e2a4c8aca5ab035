import type { ReleaseReference, Sha256, SlotName } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import type { RoutedRequest, ServingRole } from "../serving/routed-model.ts";
import type { ServedModel, ServedModels, ServedSlot } from "./served-models.ts";

/** Who may answer, and who will as soon as it is loaded. */
export interface Loadable {
  readonly models: ServedModels;
  /** Installed releases that do not answer yet, as in the first moments after a start. */
  readonly loading?: () => readonly ReleaseReference[];
  /** Names requests that bring no id, so that labels can be given for their answers; absent where none are taken. */
  readonly naming?: RequestNaming;
}

export interface RequestNaming {
  readonly nextId: () => string;
  /** Whether an id is of any use with an answer of this release. */
  readonly takesLabels: (release: Sha256) => boolean;
}

export interface AskedModel {
  readonly model: string;
  /** Only this version will do, or `stable` or `canary`; whichever answers when undefined. */
  readonly version: string | undefined;
}

/** A model that may answer, and what a request for it must say to the router. */
export interface FoundModel {
  readonly slot: SlotName;
  readonly model: ServedModel;
  readonly isReady: boolean;
  readonly pin: Pick<RoutedRequest, "release" | "role">;
  /** Versions that can be asked for by name. */
  readonly versions: readonly string[];
}

const aliases: ReadonlySet<string> = new Set<ServingRole>(["stable", "canary"]);

/** Whether it names a role, and no release. */
export function isRole(version: string): boolean {
  return aliases.has(version);
}

/** @throws InferError UNKNOWN_MODEL; NOT_READY while it is being loaded, or no model runs at all */
export function findServed(asked: AskedModel, { models, loading }: Loadable): FoundModel {
  const slots = models.slots();
  const served = slots.flatMap(candidates);
  const found = served.find((candidate) => isAsked(asked, candidate));
  if (found !== undefined) {
    const { slot, model, isReady, versions } = found;
    return { slot, model, isReady, versions, pin: pinOf(asked.version, found) };
  }
  const coming = loading?.() ?? [];
  const wanted = coming.filter(({ model, version }) =>
    isAsked(asked, { name: model, version, role: "stable" }),
  );
  if (wanted.length > 0) throw notReady(wanted);
  if (slots.length === 0) throw notReady(coming);
  throw unknown(asked, served);
}

interface Candidate extends Omit<FoundModel, "pin">, Pick<ReleaseReference, "version"> {
  readonly name: string;
  readonly role: ServingRole;
}

function candidates({ slot, model, isReady, canary }: ServedSlot): readonly Candidate[] {
  const versions = [model, ...(canary === undefined ? [] : [canary.model])].map(
    ({ staged }) => staged.document.version,
  );
  const stable = { ...namesOf(model), role: "stable", slot, model, isReady, versions } as const;
  if (canary === undefined) return [stable];
  return [stable, { ...namesOf(canary.model), role: "canary", slot, ...canary, versions }];
}

function namesOf({ staged: { document } }: ServedModel) {
  return { name: document.model, version: document.version };
}

function isAsked(
  { model, version }: AskedModel,
  offered: Pick<Candidate, "name" | "version" | "role">,
): boolean {
  if (offered.name !== model) return false;
  if (version === undefined) return offered.role === "stable";
  return version === (aliases.has(version) ? offered.role : offered.version);
}

/** An alias follows the role through a swap; a version names one release. */
function pinOf(version: string | undefined, { role, model }: Candidate): FoundModel["pin"] {
  if (version === undefined) return {};
  return aliases.has(version) ? { role } : { release: model.staged.release };
}

function unknown({ model, version }: AskedModel, served: readonly Candidate[]): InferError {
  const known = served.map(({ name, version: held }) => `${name} ${held}`).join(", ");
  const asked = version === undefined ? model : `${model} ${version}`;
  return new InferError(
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
