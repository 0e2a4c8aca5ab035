import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { documentLimits, ReleaseFile, sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { httpBlobSource } from "../../agent/src/adapters/blob-http/http-blob-source.ts";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import { durableWriter } from "../../agent/src/adapters/file-store/durable-write.ts";
import { openFileStore } from "../../agent/src/adapters/file-store/file-store.ts";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import type { ModelStore } from "../../agent/src/ports/model-store.ts";
import {
  type BlobAnswer,
  blobServer,
  breakAfter,
  ignoreRange,
  refuse,
  serve,
  stallAfter,
} from "../support/agent/blob-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const content = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 251));
const file = ReleaseFile.parse({ path: "model.onnx", size: 5_000, sha256: sha256(content) });
const never = new AbortController().signal;

function openStore(folder: string): Promise<ModelStore> {
  let serial = 0;
  return openFileStore({ fs: nodeFs, folder, write: durableWriter(nodeFs, () => ++serial) });
}

async function rig(answers: readonly BlobAnswer[], folder: string) {
  const server = await blobServer(answers);
  const store = await openStore(folder);
  const source = httpBlobSource({
    ...{ controllerUrl: server.url, device: "cam-1", secret: "s3cret", clock: systemClock },
    ...{ attemptsMax: 3, retryMsMin: 1, retryMsMax: 5, stallMsMax: 200 },
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

test("a file arrives whole, read-only, under its digest, asked for with the device's secret", async () => {
  await using folder = await temporaryFolder();
  await using on = await rig([serve(content)], folder.path);

  await on.download();

  const path = folder.inside("blobs", file.sha256);
  expect(await readFile(path)).toEqual(content);
  expect((await stat(path)).mode & 0o777).toBe(0o444);
  expect(on.server.requests).toEqual([
    {
      url: `/v1/device/blobs/${file.sha256}`,
      range: "",
      ifRange: "",
      authorization: `Basic ${Buffer.from("cam-1:s3cret").toString("base64")}`,
    },
  ]);
});

test("a connection that breaks is resumed from the last byte, if it is still the same file", async () => {
  await using folder = await temporaryFolder();
  await using on = await rig([breakAfter(content, 2_000), serve(content)], folder.path);

  await on.download();

  expect(await readFile(folder.inside("blobs", file.sha256))).toEqual(content);
  expect(on.server.requests[1]).toMatchObject({
    range: "bytes=2000-",
    ifRange: `"${file.sha256}"`,
  });
});

test("what an earlier start left is hashed again and continued", async () => {
  await using folder = await temporaryFolder();
  await using on = await rig([serve(content)], folder.path);
  await writeFile(folder.inside("partial", file.sha256), content.subarray(0, 4_999));

  await on.download();

  expect(on.server.requests.map(({ range }) => range)).toEqual(["bytes=4999-"]);
});

test("a source that ignores the range starts the file anew", async () => {
  await using folder = await temporaryFolder();
  const answers = [breakAfter(content, 2_000), ignoreRange(content)];
  await using on = await rig(answers, folder.path);

  await on.download();

  expect(await readFile(folder.inside("blobs", file.sha256))).toEqual(content);
});

test("a leftover longer than the file is thrown away", async () => {
  await using folder = await temporaryFolder();
  await using on = await rig([serve(content)], folder.path);
  await writeFile(folder.inside("partial", file.sha256), Buffer.alloc(5_001));

  await on.download();

  expect(on.server.requests.map(({ range }) => range)).toEqual([""]);
});

test("one flipped byte is found, and neither blob nor leftover stays", async () => {
  await using folder = await temporaryFolder();
  const wrong = Buffer.from(content);
  wrong[4_000] = (wrong[4_000] ?? 0) ^ 1;
  await using on = await rig([serve(wrong)], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "DIGEST" });

  expect(await readdir(folder.inside("blobs"))).toEqual([]);
  expect(await readdir(folder.inside("partial"))).toEqual([]);
});

test("one byte more than promised is an error, not a longer file", async () => {
  await using folder = await temporaryFolder();
  await using on = await rig([ignoreRange(Buffer.concat([content, Buffer.of(0)]))], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "SIZE" });

  expect(await readdir(folder.inside("blobs"))).toEqual([]);
});

test("one byte less than promised is asked for again", async () => {
  await using folder = await temporaryFolder();
  const short = content.subarray(0, 4_999);
  await using on = await rig([ignoreRange(short), serve(content)], folder.path);

  await on.download();

  expect(on.server.requests.map(({ range }) => range)).toEqual(["", "bytes=4999-"]);
});

test("silence is given up, and the next attempt goes on", async () => {
  await using folder = await temporaryFolder();
  await using on = await rig([stallAfter(content, 100), serve(content)], folder.path);

  await on.download();

  expect(on.server.requests.map(({ range }) => range)).toEqual(["", "bytes=100-"]);
});

test("attempts without progress are bounded, and the message names the controller", async () => {
  await using folder = await temporaryFolder();
  await using on = await rig([refuse(503)], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "UNREACHABLE" });

  expect(on.server.requests).toHaveLength(3);
});

test("attempts with progress are not counted: a poor link gets there", async () => {
  await using folder = await temporaryFolder();
  const hops = [1, 2, 3, 4, 5, 6, 7, 8].map(
    (): BlobAnswer => (request, response) => {
      const from = Number(/\d+/.exec(request.headers.range ?? "")?.[0] ?? 0);
      const range = `bytes ${from}-4999/5000`;
      response.writeHead(from === 0 ? 200 : 206, {
        "content-range": range,
        "content-length": 5_000 - from,
      });
      response.write(content.subarray(from, from + 500), () =>
        setImmediate(() => response.destroy()),
      );
    },
  );
  await using on = await rig([...hops, serve(content)], folder.path);

  await on.download();

  expect(on.server.requests).toHaveLength(9);
});

test("a source that breaks off at the same place and starts anew each time is given up", async () => {
  await using folder = await temporaryFolder();
  await using on = await rig([breakAfter(content, 2_000)], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "UNREACHABLE" });

  expect(on.server.requests.length).toBeLessThanOrEqual(4);
});

test("a range that starts elsewhere than asked never becomes part of the file", async () => {
  await using folder = await temporaryFolder();
  const shifted: BlobAnswer = (_, response) => {
    const range = `bytes 7-${content.length - 1}/${content.length}`;
    response.writeHead(206, { "content-range": range });
    response.end(content.subarray(7));
  };
  await using on = await rig([breakAfter(content, 2_000), shifted, serve(content)], folder.path);

  await on.download();

  expect(on.server.requests.map(({ range }) => range)).toEqual(["", "bytes=2000-", ""]);
  expect(await readFile(folder.inside("blobs", file.sha256))).toEqual(content);
});

test("a body without end is cut off at the first byte too many", async () => {
  await using folder = await temporaryFolder();
  let sent = 0;
  const endless: BlobAnswer = (_, response) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write(content)) sent += content.length;
    };
    response.on("drain", more);
    more();
  };
  await using on = await rig([endless], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "SIZE" });

  expect(on.server.requests).toHaveLength(1);
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

test("a compressed answer is not asked for, and one that comes anyway is held to the file's size", async () => {
  await using folder = await temporaryFolder();
  const asked: unknown[] = [];
  const bomb: BlobAnswer = (request, response) => {
    asked.push(request.headers["accept-encoding"]);
    response.writeHead(200, { "content-encoding": "gzip" });
    response.end(gzipSync(Buffer.alloc(16 * 1024 * 1024)));
  };
  await using on = await rig([bomb], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "SIZE" });

  expect(asked).toEqual(["identity"]);
});

test.each([401, 403, 404, 410])("status %i is an answer, and not asked again", async (status) => {
  await using folder = await temporaryFolder();
  await using on = await rig([refuse(status)], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "REFUSED" });

  expect(on.server.requests).toHaveLength(1);
});

test("a redirect is not followed: it would carry the secret away", async () => {
  await using folder = await temporaryFolder();
  await using elsewhere = await blobServer([serve(content)]);
  const redirect: BlobAnswer = (_, response) => {
    response.writeHead(302, { location: elsewhere.url });
    response.end();
  };
  await using on = await rig([redirect], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "UNREACHABLE" });

  expect(elsewhere.requests).toEqual([]);
});

test("a download ends when it is told to, and keeps what it has", async () => {
  await using folder = await temporaryFolder();
  await using on = await rig([stallAfter(content, 100)], folder.path);
  const end = new AbortController();
  const store = on.store;
  const partial = await store.openPartial(file);
  const progress = (have: number) => {
    if (have === 100) end.abort();
  };

  const filled = on.source.fill(file, partial, { signal: end.signal, progress });

  await expect(filled).rejects.toThrow();
  await partial.close();
  expect((await stat(folder.inside("partial", file.sha256))).size).toBe(100);
});

test("a release envelope is taken up to its limit and not beyond", async () => {
  await using folder = await temporaryFolder();
  const largest = Buffer.alloc(documentLimits.envelopeBytesMax);
  const larger = Buffer.alloc(documentLimits.envelopeBytesMax + 1);
  await using on = await rig([ignoreRange(largest), ignoreRange(larger)], folder.path);

  expect(await on.source.release(file.sha256, never)).toHaveLength(largest.length);
  await expect(on.source.release(file.sha256, never)).rejects.toMatchObject({ code: "SIZE" });
});

test("the store asks for room beside its reserve", async () => {
  await using folder = await temporaryFolder();
  const space = { freeBytes: 20 * 1024 * 1024, totalBytes: 1024 * 1024 * 1024 };
  const fs = { ...nodeFs, space: () => Promise.resolve(space) };
  const store = await openFileStore({
    fs,
    folder: folder.path,
    write: durableWriter(fs, () => 1),
  });
  const room = 4 * 1024 * 1024;

  await expect(store.requireSpace(room)).resolves.toBeUndefined();
  await expect(store.requireSpace(room + 1)).rejects.toMatchObject({ code: "NO_SPACE" });
});
