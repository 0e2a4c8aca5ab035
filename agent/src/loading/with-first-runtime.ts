import type { LoadedModel, StagedRelease } from "../ports/runner-host.ts";
import type { RuntimeId } from "../wire/runtime-id.ts";
import { RuntimeDown, type RuntimeOrder, type RuntimeSearch } from "./runtime-order.ts";

/** Loads a release with the first runtime that starts here. @throws ReleaseRefused, also when none does */
export async function withFirstRuntime(
  order: RuntimeOrder,
  { document }: StagedRelease,
  load: (id: RuntimeId, search: RuntimeSearch) => Promise<LoadedModel>,
): Promise<LoadedModel> {
  const { format, compat } = document;
  const search = order.search({ format, runtime: compat.runtime });
  for (const id of search.candidates) {
    try {
      return await load(id, search);
    } catch (error) {
      if (!(error instanceof RuntimeDown)) throw error;
      search.passOver(id, error);
    }
  }
  throw search.exhausted();
}
