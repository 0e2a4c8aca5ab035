import { readdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import {
  type BlobAnswer,
  blobServer,
  breakAfter,
  ignoreRange,
  serve,
} from "../support/agent/blob-server.ts";
import { content, downloadRig, file } from "../support/agent/download-rig.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("F29: one byte more than promised is an error, not a longer file", async () => {
  await using folder = await temporaryFolder();
  await using on = await downloadRig(
    [ignoreRange(Buffer.concat([content, Buffer.of(0)]))],
    folder.path,
  );

  await expect(on.download()).rejects.toMatchObject({ code: "SIZE" });

  expect(await readdir(folder.inside("blobs"))).toEqual([]);
});

test("F31: a source that breaks off at the same place and starts anew each time is given up", async () => {
  await using folder = await temporaryFolder();
  await using on = await downloadRig([breakAfter(content, 2_000)], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "UNREACHABLE" });

  expect(on.server.requests.length).toBeLessThanOrEqual(4);
});

test("F31: a range that starts elsewhere than asked never becomes part of the file", async () => {
  await using folder = await temporaryFolder();
  const shifted: BlobAnswer = (_, response) => {
    const range = `bytes 7-${content.length - 1}/${content.length}`;
    response.writeHead(206, { "content-range": range });
    response.end(content.subarray(7));
  };
  await using on = await downloadRig(
    [breakAfter(content, 2_000), shifted, serve(content)],
    folder.path,
  );

  await on.download();

  expect(on.server.requests.map(({ range }) => range)).toEqual(["", "bytes=2000-", ""]);
  expect(await readFile(folder.inside("blobs", file.sha256))).toEqual(content);
});

test("F29: a body without end is cut off at the first byte too many", async () => {
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
  await using on = await downloadRig([endless], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "SIZE" });

  expect(on.server.requests).toHaveLength(1);
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

test("a compressed answer is not asked for, and one that comes anyway is refused before a byte of it is read", async () => {
  await using folder = await temporaryFolder();
  const asked: unknown[] = [];
  // Made before it is asked for: who asks gives up on a server that says nothing for 200 ms.
  const large = gzipSync(Buffer.alloc(16 * 1024 * 1024));
  const bomb: BlobAnswer = (request, response) => {
    asked.push(request.headers["accept-encoding"]);
    response.writeHead(200, { "content-encoding": "gzip" });
    response.end(large);
  };
  await using on = await downloadRig([bomb], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "REFUSED" });

  expect(asked).toEqual(["identity"]);
});

test("a redirect is not followed: it would carry the secret away", async () => {
  await using folder = await temporaryFolder();
  await using elsewhere = await blobServer([serve(content)]);
  const redirect: BlobAnswer = (_, response) => {
    response.writeHead(302, { location: elsewhere.url });
    response.end();
  };
  await using on = await downloadRig([redirect], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "UNREACHABLE" });

  expect(elsewhere.requests).toEqual([]);
});
