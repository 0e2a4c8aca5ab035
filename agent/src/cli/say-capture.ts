import { join, resolve } from "node:path";
import { CapturePolicy, captureLimits, FormatError } from "@modelfleet/protocol";
import { captureFolder } from "../adapters/file-store/capture-folder.ts";
import { fileIdentity } from "../adapters/file-store/file-identity.ts";
import { nodeFs } from "../adapters/file-store/node-fs.ts";
import { parseCaptureName } from "../domain/capture/capture-name.ts";
import { createWriter, notEnrolled } from "../open-data-folder.ts";
import type { CaptureStore, StoredCapture } from "../ports/capture-store.ts";
import type { CaptureAnswer, CaptureOptions, CaptureWord } from "./capture-commands.ts";

/** An agent that runs heeds it within a second. @throws StoreError; FormatError for what is no id of a policy */
export async function sayCapture(
  word: CaptureWord,
  options: CaptureOptions,
): Promise<CaptureAnswer> {
  const policies = policiesOf(options);
  const store = await openStore(options);
  switch (word) {
    case "allow":
      await store.keepConsent({ policies: policies ?? "any" });
      return told(options, store);
    case "withdraw":
      // First the consent, so that nothing new comes while the rest is deleted.
      await store.removeConsent();
      return told(options, store, await removeEach(store, await store.list()));
    case "delete":
      return told(options, store, await removeMeant(store, policies));
    case "list":
      return told(options, store);
  }
}

/** A half written file is the running agent's, and stays. */
async function removeMeant(store: CaptureStore, policies: readonly string[] | undefined) {
  const whole = (await store.list()).filter(({ name }) => parseCaptureName(name) !== undefined);
  const meant = whole.filter(({ policy }) => policies?.includes(policy) ?? true);
  return removeEach(store, meant);
}

async function openStore({ data }: CaptureOptions): Promise<CaptureStore> {
  const folder = resolve(data);
  const write = createWriter();
  const enrolled = await fileIdentity({ fs: nodeFs, folder, write }).enrolment();
  if (enrolled === undefined) throw notEnrolled(folder);
  return captureFolder({ fs: nodeFs, folder, write });
}

function policiesOf({ policy }: CaptureOptions): readonly string[] | undefined {
  if (policy === undefined) return undefined;
  const bad = policy.find((id) => !CapturePolicy.shape.id.safeParse(id).success);
  const { consentPoliciesMax } = captureLimits;
  if (bad === undefined && policy.length <= consentPoliciesMax) return policy;
  const expected = `expected at most ${consentPoliciesMax} ids of policies`;
  throw new FormatError("FORMAT", `--policy: ${expected}, got ${bad?.slice(0, 64) ?? "more"}`);
}

async function removeEach(store: CaptureStore, files: readonly StoredCapture[]): Promise<number> {
  for (const file of files) await store.remove(file);
  return files.length;
}

async function told(
  { data }: CaptureOptions,
  store: CaptureStore,
  removed?: number,
): Promise<CaptureAnswer> {
  const files = new Map<string, number>();
  for (const { policy } of await store.list()) files.set(policy, (files.get(policy) ?? 0) + 1);
  return {
    consent: await store.consent(),
    folder: join(resolve(data), "capture", "sealed"),
    captures: [...files].map(([policy, count]) => ({ policy, files: count })),
    ...(removed === undefined ? {} : { removed }),
  };
}
