import type { LoadedModel, StagedRelease } from "../ports/runner-host.ts";
import type { RuntimeId } from "../wire/runtime-id.ts";
import { type ModelFiles, modelFiles } from "./model-files.ts";
import { RuntimeDown, type RuntimeOrder, type RuntimeSearch } from "./runtime-order.ts";

export interface FirstRuntime {
  readonly id: RuntimeId;
  readonly search: RuntimeSearch;
  readonly files: ModelFiles;
}

/**
 * Loads a release with the first runtime that starts here; its files are looked into before any is started.
 *
 * @throws ReleaseRefused, also when none starts
 */
export async function withFirstRuntime(
  order: RuntimeOrder,
  staged: StagedRelease,
  load: (first: FirstRuntime) => Promise<LoadedModel>,
): Promise<LoadedModel> {
  const files = await modelFiles(staged);
  const { format, compat } = staged.document;
  const search = order.search({ format, runtime: compat.runtime });
  for (const id of search.candidates) {
    try {
      return await load({ id, search, files });
    } catch (error) {
      if (!(error instanceof RuntimeDown)) throw error;
      search.passOver(id, error);
    }
  }
  throw search.exhausted();
}
