import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { documentLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { durableWriter } from "../../agent/src/adapters/file-store/durable-write.ts";
import { openFileStore } from "../../agent/src/adapters/file-store/file-store.ts";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import {
  type BlobAnswer,
  breakAfter,
  ignoreRange,
  refuse,
  serve,
  stallAfter,
} from "../support/agent/blob-server.ts";
import { content, downloadRig, file, never } from "../support/agent/download-rig.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a file arrives whole, read-only, under its digest, asked for with the device's secret", async () => {
  await using folder = await temporaryFolder();
  await using on = await downloadRig([serve(content)], folder.path);

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
  await using on = await downloadRig([breakAfter(content, 2_000), serve(content)], folder.path);

  await on.download();

  expect(await readFile(folder.inside("blobs", file.sha256))).toEqual(content);
  expect(on.server.requests[1]).toMatchObject({
    range: "bytes=2000-",
    ifRange: `"${file.sha256}"`,
  });
});

test("what an earlier start left is hashed again and continued", async () => {
  await using folder = await temporaryFolder();
  await using on = await downloadRig([serve(content)], folder.path);
  await writeFile(folder.inside("partial", file.sha256), content.subarray(0, 4_999));

  await on.download();

  expect(on.server.requests.map(({ range }) => range)).toEqual(["bytes=4999-"]);
});

test("a source that ignores the range starts the file anew", async () => {
  await using folder = await temporaryFolder();
  const answers = [breakAfter(content, 2_000), ignoreRange(content)];
  await using on = await downloadRig(answers, folder.path);

  await on.download();

  expect(await readFile(folder.inside("blobs", file.sha256))).toEqual(content);
});

test("a leftover longer than the file is thrown away", async () => {
  await using folder = await temporaryFolder();
  await using on = await downloadRig([serve(content)], folder.path);
  await writeFile(folder.inside("partial", file.sha256), Buffer.alloc(5_001));

  await on.download();

  expect(on.server.requests.map(({ range }) => range)).toEqual([""]);
});

test("F29: one flipped byte is found, and neither blob nor leftover stays", async () => {
  await using folder = await temporaryFolder();
  const wrong = Buffer.from(content);
  wrong[4_000] = (wrong[4_000] ?? 0) ^ 1;
  await using on = await downloadRig([serve(wrong)], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "DIGEST" });

  expect(await readdir(folder.inside("blobs"))).toEqual([]);
  expect(await readdir(folder.inside("partial"))).toEqual([]);
});

test("F29: one byte less than promised is asked for again", async () => {
  await using folder = await temporaryFolder();
  const short = content.subarray(0, 4_999);
  await using on = await downloadRig([ignoreRange(short), serve(content)], folder.path);

  await on.download();

  expect(on.server.requests.map(({ range }) => range)).toEqual(["", "bytes=4999-"]);
});

test("silence is given up, and the next attempt goes on", async () => {
  await using folder = await temporaryFolder();
  await using on = await downloadRig([stallAfter(content, 100), serve(content)], folder.path);

  await on.download();

  expect(on.server.requests.map(({ range }) => range)).toEqual(["", "bytes=100-"]);
});

test("attempts without progress are bounded, and the message names the controller", async () => {
  await using folder = await temporaryFolder();
  await using on = await downloadRig([refuse(503)], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "UNREACHABLE" });

  expect(on.server.requests).toHaveLength(3);
});

test("F31: a link that is cut 50 times in one file gets there, for attempts with progress are not counted", async () => {
  await using folder = await temporaryFolder();
  const hops = Array.from(
    { length: 50 },
    (): BlobAnswer => (request, response) => {
      const from = Number(/\d+/.exec(request.headers.range ?? "")?.[0] ?? 0);
      const range = `bytes ${from}-4999/5000`;
      response.writeHead(from === 0 ? 200 : 206, {
        "content-range": range,
        "content-length": 5_000 - from,
      });
      response.write(content.subarray(from, from + 99), () =>
        setImmediate(() => response.destroy()),
      );
    },
  );
  await using on = await downloadRig([...hops, serve(content)], folder.path);

  await on.download();

  expect(on.server.requests).toHaveLength(51);
});

test.each([401, 403, 404, 410])("status %i is an answer, and not asked again", async (status) => {
  await using folder = await temporaryFolder();
  await using on = await downloadRig([refuse(status)], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "REFUSED" });

  expect(on.server.requests).toHaveLength(1);
});

test("a download ends when it is told to, and keeps what it has", async () => {
  await using folder = await temporaryFolder();
  await using on = await downloadRig([stallAfter(content, 100)], folder.path);
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

test("F10: a root is taken up to 32 KiB and not beyond, none is an answer, and asking is done once", async () => {
  await using folder = await temporaryFolder();
  const largest = Buffer.alloc(documentLimits.envelopeBytesMax);
  const huge = Buffer.alloc(10 * 1024 * 1024);
  const answers = [ignoreRange(largest), ignoreRange(huge), refuse(404), refuse(503)];
  await using on = await downloadRig(answers, folder.path);

  expect(await on.source.root(2, never)).toHaveLength(largest.length);
  await expect(on.source.root(3, never)).rejects.toMatchObject({ code: "SIZE" });
  expect(await on.source.root(4, never)).toBeUndefined();
  await expect(on.source.root(5, never)).rejects.toMatchObject({ code: "UNREACHABLE" });

  expect(on.server.requests.map(({ url }) => url)).toEqual(
    [2, 3, 4, 5].map((version) => `/v1/device/root/${version}`),
  );
});

test("a release envelope is taken up to its limit and not beyond", async () => {
  await using folder = await temporaryFolder();
  const largest = Buffer.alloc(documentLimits.envelopeBytesMax);
  const larger = Buffer.alloc(documentLimits.envelopeBytesMax + 1);
  await using on = await downloadRig([ignoreRange(largest), ignoreRange(larger)], folder.path);

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
