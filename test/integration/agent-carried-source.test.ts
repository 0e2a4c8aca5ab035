import { execFileSync } from "node:child_process";
import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { documentLimits, sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  carriedDocuments,
  carriedFiles,
} from "../../agent/src/adapters/exchange-folder/carried-source.ts";
import {
  exchangeFolder,
  exchangePaths,
} from "../../agent/src/adapters/exchange-folder/exchange-folder.ts";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import { DownloadError } from "../../agent/src/domain/download-error.ts";
import { content, file, never, openStore } from "../support/agent/download-rig.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { fleetKeys, signDocument, signedRelease } from "../support/trust-fixtures.ts";

const signed = signedRelease();
const fromNetwork = Buffer.from("from the network");
const network = {
  release: () => Promise.resolve(fromNetwork),
  root: () => Promise.resolve(fromNetwork),
  fill: () => Promise.reject(new DownloadError("UNREACHABLE", "expected a network")),
};

async function put(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

async function makePipe(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  execFileSync("mkfifo", [path]);
}

async function linkTo(path: string, bytes: Uint8Array): Promise<void> {
  await put(`${path}.elsewhere`, bytes);
  await symlink(`${path}.elsewhere`, path);
}

const tooLarge = Buffer.alloc(documentLimits.envelopeBytesMax + 1);

/** What may lie in the place of a document and is none. */
const noDocuments = {
  "a link": (path: string) => linkTo(path, signed.bytes),
  "a pipe": makePipe,
  "a folder": (path: string) => mkdir(path, { recursive: true }),
  "too many bytes": (path: string) => put(path, tooLarge),
  nothing: () => Promise.resolve(),
};

test("a release that was carried here needs no network", async () => {
  await using folder = await temporaryFolder();
  await put(folder.inside("releases", `${signed.sha256}.json`), signed.bytes);

  const source = carriedDocuments(folder.path, network);

  expect(await source.release(signed.sha256, never)).toEqual(new Uint8Array(signed.bytes));
});

for (const [what, lay] of Object.entries({
  ...noDocuments,
  "another release": (path: string) => put(path, signedRelease({ version: "9.9.9" }).bytes),
  "no envelope": (path: string) => put(path, Buffer.from("{")),
})) {
  test(`${what} in the place of a release: the network is asked`, async () => {
    await using folder = await temporaryFolder();
    await lay(folder.inside("releases", `${signed.sha256}.json`));

    const source = carriedDocuments(folder.path, network);

    expect(await source.release(signed.sha256, never)).toBe(fromNetwork);
  });
}

for (const [what, lay] of Object.entries(noDocuments)) {
  test(`${what} in the place of a root: the network is asked`, async () => {
    await using folder = await temporaryFolder();
    await lay(folder.inside("roots", "2.json"));

    expect(await carriedDocuments(folder.path, network).root(2, never)).toBe(fromNetwork);
  });
}

test("a forged root that was carried here hides the true one only once, and a good copy gets its turn again", async () => {
  await using folder = await temporaryFolder();
  const forged = signDocument({ type: "root" }, [fleetKeys.device]);
  await put(folder.inside("roots", "2.json"), forged);
  const source = carriedDocuments(folder.path, network);

  const asked = [];
  for (let time = 0; time < 3; time += 1) asked.push(await source.root(2, never));

  const copy = new Uint8Array(forged);
  expect(asked).toEqual([copy, fromNetwork, copy]);
});

test("a chain of roots that was carried here is walked without a network", async () => {
  await using folder = await temporaryFolder();
  const chain = [2, 3, 4].map((version) => new Uint8Array(Buffer.from(`root ${version}`)));
  for (const [index, bytes] of chain.entries()) {
    await put(folder.inside("roots", `${index + 2}.json`), bytes);
  }
  const source = carriedDocuments(folder.path, network);

  const asked = [];
  for (const version of [2, 3, 4, 5]) asked.push(await source.root(version, never));

  expect(asked).toEqual([...chain, fromNetwork]);
});

test("a release with the right payload under a damaged signature hides that of the network only once", async () => {
  await using folder = await temporaryFolder();
  await put(folder.inside("releases", `${signed.sha256}.json`), signed.bytes);
  const source = carriedDocuments(folder.path, network);

  await source.release(signed.sha256, never);

  expect(await source.release(signed.sha256, never)).toBe(fromNetwork);
});

async function filled(folder: TemporaryFolder, before = 0): Promise<string> {
  const store = await openStore(folder.inside("store"));
  const into = await store.openPartial(file);
  try {
    if (before > 0) await into.append(content.subarray(0, before));
    const watch = { signal: never, progress: () => undefined };
    await carriedFiles(folder.path)(file, into, watch);
    await into.finish();
    return "whole";
  } catch (cause) {
    return cause instanceof DownloadError ? cause.code : String(cause);
  } finally {
    await into.close();
  }
}

for (const before of [0, 1_234, content.length]) {
  test(`a carried file is gone on with after ${before} bytes from elsewhere`, async () => {
    await using folder = await temporaryFolder();
    await put(folder.inside("blobs", file.sha256), content);

    expect(await filled(folder, before)).toBe("whole");
  });
}

for (const [what, lay] of Object.entries({
  ...noDocuments,
  "one byte less": (path: string) => put(path, content.subarray(1)),
  "one byte more": (path: string) => put(path, Buffer.concat([content, Buffer.alloc(1)])),
})) {
  test(`${what} in the place of a model file: there is none here`, async () => {
    await using folder = await temporaryFolder();
    await lay(folder.inside("blobs", file.sha256));

    expect(await filled(folder)).toBe("REFUSED");
  });
}

test("a carried file that is cut while it is read is none", async () => {
  await using folder = await temporaryFolder();
  const path = folder.inside("blobs", file.sha256);
  const large = { ...file, size: 1_000_000 };
  await put(path, Buffer.alloc(large.size));
  let haveBytes = 0;
  const into = {
    haveBytes: () => haveBytes,
    append: async (bytes: Uint8Array) => {
      haveBytes += bytes.length;
      await truncate(path, haveBytes);
    },
    restart: () => Promise.resolve(),
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };

  const watch = { signal: never, progress: () => undefined };
  await expect(carriedFiles(folder.path)(large, into, watch)).rejects.toMatchObject({
    code: "REFUSED",
  });
  expect(haveBytes).toBeLessThan(large.size);
});

test("what was carried here is asked for no longer when nobody wants it", async () => {
  await using folder = await temporaryFolder();
  await put(folder.inside("blobs", file.sha256), content);
  const store = await openStore(folder.inside("store"));
  const into = await store.openPartial(file);
  const watch = { signal: AbortSignal.abort(), progress: () => undefined };

  await expect(carriedFiles(folder.path)(file, into, watch)).rejects.toThrow("abort");
  await into.close();
});

for (const [what, lay] of Object.entries(noDocuments)) {
  test(`${what} in the place of an order or a nonce is none`, async () => {
    await using folder = await temporaryFolder();
    const { bundle, nonce } = exchangePaths(folder.path);
    await mkdir(bundle, { recursive: true });
    await lay(`${bundle}/desired.json`);
    await lay(nonce);
    const exchange = exchangeFolder(folder.path, nodeFs.remove);

    expect(await exchange.order()).toBeUndefined();
    expect(await exchange.nonce()).toBeUndefined();
    await exchange.forgetNonce();
  });
}

for (const [text, found] of [
  ["QUFBQUFBQUFBQUFBQUFBQQ==", "QUFBQUFBQUFBQUFBQUFBQQ=="],
  ["QUFBQUFBQUFBQUFBQUFBQQ=", undefined],
  ["QUFBQUFBQUFBQUFBQUFBQQ==\n", undefined],
  ["not base64 and so no nonce", undefined],
] as const) {
  test(`a nonce file with ${JSON.stringify(text)}`, async () => {
    await using folder = await temporaryFolder();
    const { nonce } = exchangePaths(folder.path);
    await put(nonce, Buffer.from(text));

    expect(await exchangeFolder(folder.path, nodeFs.remove).nonce()).toBe(found);
  });
}

test("an order that lies there comes as it was written", async () => {
  await using folder = await temporaryFolder();
  await put(`${exchangePaths(folder.path).bundle}/desired.json`, signed.bytes);
  const order = await exchangeFolder(folder.path, nodeFs.remove).order();

  expect(sha256(order ?? Buffer.of())).toBe(sha256(signed.bytes));
});
