import { expect, test } from "vitest";
import { openFileShelf } from "../../../../agent/src/adapters/file-shelf/file-shelf.ts";
import { durableWriter } from "../../../../agent/src/adapters/file-store/durable-write.ts";
import type { Fs } from "../../../../agent/src/ports/fs.ts";
import type { NewShelfRecord } from "../../../../agent/src/ports/window-shelf.ts";
import { crashFs, systemError } from "../../../support/agent/crash-fs/crash-fs.ts";
import { emptyTree } from "../../../support/agent/crash-fs/tree.ts";

const record = (byte: number): NewShelfRecord => ({
  kind: "window",
  bytes: new Uint8Array(40).fill(byte),
});

test("what a full disk took of records that it refused is not there at the next start", async () => {
  const disk = failingDisk();
  const shelf = await opened(disk.fs);
  await shelf.add([record(1)]);
  // The first of the two is whole by then.
  disk.failAfter(80);
  await expect(shelf.add([record(2), record(3)])).rejects.toMatchObject({ code: "STORE_FAILED" });

  expect(bytesOf(shelf)).toEqual([1]);
  expect(bytesOf(await opened(disk.fs))).toEqual([1]);
});

test("a record that could not be taken off is still there at the next start", async () => {
  const disk = failingDisk();
  const shelf = await opened(disk.fs);
  await shelf.add([record(1), record(2)]);
  disk.failAfter(1_000);
  await expect(shelf.remove([0])).rejects.toMatchObject({ code: "STORE_FAILED" });

  expect(bytesOf(await opened(disk.fs))).toEqual([1, 2]);
});

test("a shelf that was refused something takes the next", async () => {
  const disk = failingDisk();
  const shelf = await opened(disk.fs);
  await shelf.add([record(1)]);
  disk.failAfter(20);
  await expect(shelf.add([record(2)])).rejects.toMatchObject({ code: "STORE_FAILED" });
  await shelf.add([record(3)]);

  expect(bytesOf(await opened(disk.fs))).toEqual([1, 3]);
});

test("a file that is no shelf is set aside, and the shelf begins anew", async () => {
  const { fs } = crashFs(emptyTree, () => undefined);
  const foreign = new TextEncoder().encode("mfshelf2 and what another version makes of it");
  const write = durableWriter(fs, () => 1);
  await write({ path: "/shelf", bytes: foreign, permissions: 0o600 });
  const shelf = await opened(fs);
  await shelf.add([record(1)]);

  expect(bytesOf(await opened(fs))).toEqual([1]);
  expect((await fs.stat("/shelf.damaged"))?.sizeBytes).toBe(foreign.length);
});

/** A disk that at one write takes so many bytes and no more, and at one with fewer fails to sync. */
function failingDisk() {
  const { fs } = crashFs(emptyTree, () => undefined);
  let left: number | undefined;
  const full = () => {
    left = undefined;
    return systemError("ENOSPC", "planned");
  };
  const failing: Fs = {
    ...fs,
    open: async (path, mode) => {
      const file = await fs.open(path, mode);
      return {
        ...file,
        write: async (bytes, at) => {
          if (left === undefined) return file.write(bytes, at);
          if (left === 0) throw full();
          const taken = await file.write(bytes.subarray(0, left), at);
          left -= taken;
          return taken;
        },
        sync: async () => {
          if (left !== undefined) throw full();
          await file.sync();
        },
      };
    },
  };
  return {
    fs: failing,
    failAfter: (bytes: number) => {
      left = bytes;
    },
  };
}

function opened(fs: Fs) {
  let serial = 0;
  return openFileShelf({ fs, write: durableWriter(fs, () => ++serial), path: "/shelf" });
}

function bytesOf(shelf: Awaited<ReturnType<typeof opened>>): readonly (number | undefined)[] {
  return shelf.held().map(({ bytes }) => bytes[0]);
}
