import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type TemporaryFolder = AsyncDisposable & {
  readonly path: string;
  /** Path of something inside; nothing is created. */
  inside(...names: readonly string[]): string;
};

/** A fresh folder under the system's temporary one; `await using` removes it with everything in it. */
export async function temporaryFolder(prefix = "modelfleet-test-"): Promise<TemporaryFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), prefix)));
  return {
    path,
    inside: (...names) => join(path, ...names),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
