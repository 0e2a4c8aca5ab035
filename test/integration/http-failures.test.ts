import { Problem } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { ListDevices } from "../../controller/src/app/fleet/list-devices.ts";
import { StoreError } from "../../controller/src/domain/errors.ts";
import type { FleetStore } from "../../controller/src/ports/fleet-store.ts";
import { eventually } from "../support/eventually.ts";
import { login, startUnwired } from "../support/http/unwired-server.ts";

const blob = `/v1/device/blobs/${"a".repeat(64)}`;
const CHUNK = new Uint8Array(64 * 1_024);

/** A file that never ends: whoever reads it keeps its place. */
async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield await Promise.resolve(CHUNK);
}

function devicesThat(fail: () => Promise<never>): ListDevices {
  const fleet = { devices: fail, allRecentItems: fail };
  return new ListDevices({ fleet: fleet as unknown as FleetStore });
}

test("a defect of ours is told to the process and tells nothing to the caller", async () => {
  const defect = new TypeError("secret detail");
  await using server = await startUnwired({
    useCases: { listDevices: devicesThat(() => Promise.reject(defect)) },
  });

  const answer = await fetch(`${server.url}/v1/devices`);

  expect(answer.status).toBe(500);
  const text = await answer.text();
  expect(Problem.parse(JSON.parse(text)).code).toBe("DEFECT");
  expect(text).not.toContain("secret detail");
  expect(server.defects).toEqual([defect]);
});

test("a full disk is a problem with its code, and no defect", async () => {
  const full = new StoreError("NO_SPACE", "expected room on the disk, there is none: make some");
  await using server = await startUnwired({
    useCases: { listDevices: devicesThat(() => Promise.reject(full)) },
  });

  const answer = await fetch(`${server.url}/v1/devices`);

  expect(answer.status).toBe(507);
  expect(Problem.parse(await answer.json()).code).toBe("NO_SPACE");
  expect(server.defects).toEqual([]);
});

test("a controller whose database does not answer is live and not ready", async () => {
  await using server = await startUnwired({
    database: () => Promise.reject(new Error("no answer")),
  });

  const ready = await fetch(`${server.url}/health/ready`);

  expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
  expect(ready.status).toBe(503);
  expect(ready.headers.get("retry-after")).not.toBeNull();
  expect(Problem.parse(await ready.json())).toMatchObject({ code: "NOT_READY" });
  expect(server.defects).toEqual([]);
});

test("a download too many is told to come again; a place that is left is free", async () => {
  await using server = await startUnwired({ read: endless, sizeBytes: 1e12, downloadsMax: 2 });
  const aborts = [new AbortController(), new AbortController()];
  const running = await Promise.all(
    aborts.map(({ signal }) => fetch(`${server.url}${blob}`, { headers: login, signal })),
  );
  expect(running.map(({ status }) => status)).toEqual([200, 200]);

  const late = await fetch(`${server.url}${blob}`, { headers: login });

  expect(late.status).toBe(503);
  expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(late.headers.get("etag")).toBeNull();
  expect(Problem.parse(await late.json()).code).toBe("DOWNLOADS_TOO_MANY");
  const head = await fetch(`${server.url}${blob}`, { headers: login, method: "HEAD" });
  expect(head.status).toBe(200);

  aborts[0]?.abort();
  await eventually(async () => {
    const abort = new AbortController();
    const next = await fetch(`${server.url}${blob}`, { headers: login, signal: abort.signal });
    abort.abort();
    return next.status === 200;
  });
  aborts[1]?.abort();
  expect(server.defects).toEqual([]);
});

test("a file that cannot be read to its end cuts the answer instead of looking whole", async () => {
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(CHUNK);
    throw new StoreError("STORE_FAILED", "expected to read the file, got EIO");
  };
  await using server = await startUnwired({ read: failing, sizeBytes: 10 * CHUNK.length });

  const answer = await fetch(`${server.url}${blob}`, { headers: login });

  await expect(answer.arrayBuffer()).rejects.toThrow();
  expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
});

test("closing does not wait for a download that would run for ever", async () => {
  const server = await startUnwired({ read: endless, sizeBytes: 1e12 });
  const answer = await fetch(`${server.url}${blob}`, { headers: login });
  const broken = answer.arrayBuffer().then(
    () => "whole",
    () => "broken",
  );

  await server[Symbol.asyncDispose]();

  expect(await broken).toBe("broken");
});
