import { readFile } from "node:fs/promises";
import { blobLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import {
  httpBlobSource,
  httpMirror,
} from "../../agent/src/adapters/http-client/http-blob-source.ts";
import { mirroredSource } from "../../agent/src/adapters/http-client/mirrored-source.ts";
import { parseConfig } from "../../agent/src/config.ts";
import {
  type BlobAnswer,
  blobServer,
  breakAfter,
  ignoreRange,
  refuse,
  serve,
} from "../support/agent/blob-server.ts";
import { content, downloadRig, file, never, openStore } from "../support/agent/download-rig.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** So many bytes at a time, for ever. */
function drip(everyMs: number): BlobAnswer {
  return (request, response) => {
    const from = Number(/\d+/.exec(request.headers.range ?? "")?.[0] ?? 0);
    response.writeHead(from === 0 ? 200 : 206, { "content-range": `bytes ${from}-4999/5000` });
    let at = from;
    const timer = setInterval(() => {
      response.write(content.subarray(at, at + 1));
      at += 1;
    }, everyMs);
    response.on("close", () => clearInterval(timer));
  };
}

async function mirrorRig(
  answers: Record<"mirror" | "controller", readonly BlobAnswer[]>,
  folder: string,
) {
  const mirror = await blobServer(answers.mirror);
  const controller = await blobServer(answers.controller);
  const store = await openStore(folder);
  const events: string[] = [];
  const note = ({ event }: { readonly event: string }) => void events.push(event);
  let aheadMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  const patience = { clock, retryMsMin: 1, retryMsMax: 5, stallMsMax: 500, rateWindowMs: 100 };
  const source = mirroredSource({
    controller: httpBlobSource({
      ...{ controllerUrl: controller.url, device: "cam-1", secret: "s3cret" },
      ...patience,
    }),
    mirror: httpMirror({ mirrorUrl: `${mirror.url}/near/`, ...patience }),
    log: { info: note, warn: note, error: note },
    clock,
  });
  const attempt = async () => {
    const partial = await store.openPartial(file);
    try {
      await source.fill(file, partial, { signal: never, progress: () => undefined });
      await partial.finish();
    } finally {
      await partial.close();
    }
  };
  return {
    ...{ mirror, controller, attempt, events },
    pass: (ms: number) => {
      aheadMs += ms;
    },
    blob: () => readFile(`${folder}/blobs/${file.sha256}`),
    [Symbol.asyncDispose]: async () => {
      await mirror[Symbol.asyncDispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

test("a mirror is asked first, by digest and without the device's secret", async () => {
  await using folder = await temporaryFolder();
  await using rig = await mirrorRig(
    { mirror: [serve(content)], controller: [refuse(500)] },
    folder.path,
  );

  await rig.attempt();

  expect(await rig.blob()).toEqual(content);
  expect(rig.mirror.requests).toMatchObject([{ url: `/near/${file.sha256}`, authorization: "" }]);
  expect(rig.controller.requests).toEqual([]);
});

test("F30: a first source with wrong bytes is put aside, the second one is used, and after the pause the first is asked again", async () => {
  await using folder = await temporaryFolder();
  await using rig = await mirrorRig(
    { mirror: [serve(Buffer.alloc(content.length))], controller: [serve(content)] },
    folder.path,
  );

  await expect(rig.attempt()).rejects.toMatchObject({ code: "DIGEST" });
  await rig.attempt();
  await rig.attempt();
  const [asked, events] = [rig.mirror.requests.length, [...rig.events]];
  rig.pass(blobLimits.mirrorPauseMs);
  await expect(rig.attempt()).rejects.toMatchObject({ code: "DIGEST" });

  expect(await rig.blob()).toEqual(content);
  expect(asked).toBe(1);
  expect(events).toEqual(["mirror.paused"]);
  expect(rig.controller.requests).toHaveLength(2);
  expect(rig.mirror.requests).toHaveLength(2);
});

test("F30: what a mirror began and broke off the controller goes on with", async () => {
  await using folder = await temporaryFolder();
  const mirror = [breakAfter(content, 2_000), refuse(503)];
  await using rig = await mirrorRig({ mirror, controller: [serve(content)] }, folder.path);

  await rig.attempt();

  expect(await rig.blob()).toEqual(content);
  expect(rig.controller.requests).toMatchObject([{ range: "bytes=2000-" }]);
});

test("a mirror that lacks a file is asked for the next one all the same", async () => {
  await using folder = await temporaryFolder();
  await using rig = await mirrorRig(
    { mirror: [refuse(404)], controller: [serve(content)] },
    folder.path,
  );

  await rig.attempt();

  expect(rig.events).toEqual([]);
});

test("F31: a source that drips is given up although it never falls silent, and the other one goes on", async () => {
  await using folder = await temporaryFolder();
  await using rig = await mirrorRig(
    { mirror: [drip(20)], controller: [serve(content)] },
    folder.path,
  );

  await rig.attempt();

  expect(await rig.blob()).toEqual(content);
  expect(rig.mirror.requests.length).toBeLessThanOrEqual(blobLimits.downloadSlowAttemptsMax);
  expect(rig.controller.requests[0]?.range).not.toBe("");
});

test("F31: an only source that drips is given up after a bounded number of attempts", async () => {
  await using folder = await temporaryFolder();
  await using on = await downloadRig([drip(20)], folder.path);

  await expect(on.download()).rejects.toMatchObject({ code: "SLOW" });

  expect(on.server.requests).toHaveLength(blobLimits.downloadSlowAttemptsMax);
});

test("F31: a slow source above the lowest rate is borne with", async () => {
  await using folder = await temporaryFolder();
  const steady: BlobAnswer = (_, response) => {
    response.writeHead(200);
    let at = 0;
    const timer = setInterval(() => {
      if (at >= content.length) response.end();
      else response.write(content.subarray(at, at + 250));
      at += 250;
    }, 15);
    response.on("close", () => clearInterval(timer));
  };
  await using on = await downloadRig([ignoreRange(Buffer.alloc(0)), steady], folder.path);

  await on.download();

  expect(on.server.requests).toHaveLength(2);
});

test.each([
  ["http://10.0.0.5/blobs", "http://10.0.0.5/blobs"],
  ["https://near.example", "https://near.example/"],
])("the mirror %s is taken", (text, url) => {
  expect(parseConfig({ data: ".", blobMirror: text }).mirrorUrl).toBe(url);
});

test.each([
  "ftp://near/",
  "near",
  "http://me:secret@near/",
  "http://near/?key=1",
  "http://near/#x",
])("the mirror %s is refused, and its text is not repeated", (text) => {
  expect(() => parseConfig({ data: ".", blobMirror: text })).toThrow(/^--blob-mirror: expected/);
  expect(() => parseConfig({ data: ".", blobMirror: text })).not.toThrow(/secret/);
});
