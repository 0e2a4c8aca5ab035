import { isCodedError } from "@modelfleet/protocol";
import type { ReleaseShelf } from "./release-shelf.ts";

/** What a release calls itself; undefined where its document is not here, or is not trusted any more. */
export async function knownVersion(
  shelf: Pick<ReleaseShelf, "find">,
  named: Parameters<ReleaseShelf["find"]>[0],
): Promise<string | undefined> {
  try {
    return (await shelf.find(named))?.version;
  } catch (cause) {
    if (isCodedError(cause)) return undefined;
    throw cause;
  }
}
