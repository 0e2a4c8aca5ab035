import type { KeyId, RootDocument, RootExpiry } from "@modelfleet/protocol";
import type { RootInspection, SignatureCount } from "../../src/domain/root/inspect-root.ts";
import { plural } from "./plural.ts";
import { table } from "./table.ts";

export interface ExpiryView {
  readonly daysLeft: number;
  readonly expiry: RootExpiry;
}

/** A root for people: who may do what, who has signed, and for how long. */
export function renderRoot(
  { document, sha256, own, previous, foreign, refusal }: RootInspection,
  { daysLeft, expiry }: ExpiryView,
): string {
  const lines = [
    `root ${document.version} of fleet ${document.fleet}`,
    `sha256      ${sha256}`,
    `issued      ${document.issuedAt}`,
    `expires     ${document.expires}  ${renderExpiry(daysLeft, expiry)}`,
    `signatures  ${signatureLine(own, previous)}${foreign === 0 ? "" : `, ${foreign} of others`}`,
    `complete    ${refusal === null ? "yes" : `no: ${refusal}`}`,
    `revoked     ${plural(document.revokedReleases.length, "release")}`,
    "",
  ];
  return [...lines, renderRoles(document, own, previous)].join("\n");
}

/** `2 of 2 needed (of 3 keys)`, and the same for the root before. */
export function signatureLine(own: SignatureCount, previous: SignatureCount | null): string {
  const line = ({ signed, missing, threshold }: SignatureCount) =>
    `${signed.length} of ${threshold} needed (${signed.length + missing.length} keys)`;
  return previous === null ? line(own) : `${line(own)}, of the root before: ${line(previous)}`;
}

export function renderExpiry(daysLeft: number, expiry: RootExpiry): string {
  if (expiry === "expired") return "EXPIRED: devices take nothing new under it";
  return expiry === "good" ? `in ${daysLeft} days` : `in ${daysLeft} days: make the next one`;
}

function renderRoles(
  { roles }: RootDocument,
  own: SignatureCount,
  previous: SignatureCount | null,
): string {
  const has = (keyid: KeyId) => own.signed.includes(keyid) || previous?.signed.includes(keyid);
  const rules = [
    { role: "root", models: "", ...roles.root },
    ...roles.release.map((rule) => ({
      ...rule,
      role: `release ${rule.name}`,
      models: rule.models.join(" "),
    })),
    { role: "online", models: "", ...roles.online },
  ];
  const rows = rules.flatMap(({ role, models, keyids, threshold }) =>
    keyids.map((keyid, index) => [
      ...(index === 0 ? [role, `${threshold} of ${keyids.length}`, models] : ["", "", ""]),
      keyid.slice(0, 16),
      has(keyid) ? "signed" : "",
    ]),
  );
  return table(["role", "threshold", "models", "key", ""], rows);
}
