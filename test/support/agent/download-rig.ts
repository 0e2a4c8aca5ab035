import { ReleaseFile, sha256 } from "@modelfleet/protocol";
import { systemClock } from "../../../agent/src/adapters/clock/system-clock.ts";
import { durableWriter } from "../../../agent/src/adapters/file-store/durable-write.ts";
import { openFileStore } from "../../../agent/src/adapters/file-store/file-store.ts";
import { nodeFs } from "../../../agent/src/adapters/file-store/node-fs.ts";
import { httpBlobSource } from "../../../agent/src/adapters/http-client/http-blob-source.ts";
import type { ModelStore } from "../../../agent/src/ports/model-store.ts";
import { type BlobAnswer, blobServer } from "./blob-server.ts";

/** 5,000 bytes, all of the file that is downloaded. */
export const content = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 251));
export const file = ReleaseFile.parse({
  path: "model.onnx",
  size: content.length,
  sha256: sha256(content),
});
export const never = new AbortController().signal;

export function openStore(folder: string): Promise<ModelStore> {
  let serial = 0;
  return openFileStore({ fs: nodeFs, folder, write: durableWriter(nodeFs, () => ++serial) });
}

/** A store and a source that asks a server with these answers; three attempts, short pauses. */
export async function downloadRig(answers: readonly BlobAnswer[], folder: string) {
  const server = await blobServer(answers);
  const store = await openStore(folder);
  const source = httpBlobSource({
    ...{ controllerUrl: server.url, device: "cam-1", secret: "s3cret", clock: systemClock },
    ...{ attemptsMax: 3, retryMsMin: 1, retryMsMax: 5, stallMsMax: 200, rateWindowMs: 100 },
  });
  const download = async (signal = never) => {
    const partial = await store.openPartial(file);
    try {
      await source.fill(file, partial, { signal, progress: () => undefined });
      await partial.finish();
    } finally {
      await partial.close();
    }
  };
  return { server, store, source, download, [Symbol.asyncDispose]: server[Symbol.asyncDispose] };
}
