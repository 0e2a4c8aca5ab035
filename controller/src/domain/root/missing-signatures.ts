import type { RootInspection, SignatureCount } from "./inspect-root.ts";

/** Of which root how many signatures are still wanted, in words; undefined when none are. */
export function missingSignatures({
  document: { version },
  own,
  previous,
}: Pick<RootInspection, "document" | "own" | "previous">): string | undefined {
  const wanted = [
    ...(previous === null ? [] : [line(previous, `root ${version - 1}, the one before`)]),
    line(own, `root ${version} itself`),
  ].filter((text) => text !== undefined);
  return wanted.length === 0 ? undefined : wanted.join(", and ");
}

function line({ signed, threshold }: SignatureCount, root: string): string | undefined {
  const missing = threshold - signed.length;
  return missing > 0 ? `${missing} more of the root keys of ${root}` : undefined;
}
