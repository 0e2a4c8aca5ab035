import { createHash } from "node:crypto";
import { Problem } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { smallModel } from "../support/controller/upload.ts";
import { enrolDevice } from "../support/http/enrolled-device.ts";
import { startInProcess } from "../support/http/test-controller.ts";
import { publishSmall } from "../support/http/upload-form.ts";

const size = smallModel.length;
const digest = createHash("sha256").update(smallModel).digest("hex");
const path = `/v1/device/blobs/${digest}`;

async function startWithModel() {
  const controller = await startInProcess();
  const release = await publishSmall(controller);
  const { authorization } = await enrolDevice(controller);
  return {
    controller,
    release,
    get: (at: string, headers: Record<string, string> = {}, method = "GET") =>
      controller.fetch(at, { method, headers: { authorization, ...headers } }),
    [Symbol.asyncDispose]: () => controller[Symbol.asyncDispose](),
  };
}

let world: Awaited<ReturnType<typeof startWithModel>>;

beforeAll(async () => {
  world = await startWithModel();
});

afterAll(() => world[Symbol.asyncDispose]());

async function bytesOf(answer: Response): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer());
}

test("a file comes whole, with its digest as a strong tag, and may be kept for ever", async () => {
  const answer = await world.get(path);

  expect(answer.status).toBe(200);
  expect(await bytesOf(answer)).toEqual(Buffer.from(smallModel));
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    etag: `"${digest}"`,
    "accept-ranges": "bytes",
    "content-length": String(size),
    "cache-control": "private, max-age=31536000, immutable",
  });
});

test.each([
  { range: "bytes=0-0", from: 0, until: 1 },
  { range: "bytes=10-99", from: 10, until: 100 },
  { range: "bytes=100-", from: 100, until: size },
  { range: "bytes=-7", from: size - 7, until: size },
  { range: `bytes=-${size + 5}`, from: 0, until: size },
  { range: `bytes=0-${size + 5}`, from: 0, until: size },
  { range: `bytes=${size - 1}-`, from: size - 1, until: size },
])("the range $range is answered with 206 and exactly its bytes", async ({
  range,
  from,
  until,
}) => {
  const answer = await world.get(path, { range });

  expect(answer.status).toBe(206);
  expect(answer.headers.get("content-range")).toBe(`bytes ${from}-${until - 1}/${size}`);
  expect(await bytesOf(answer)).toEqual(Buffer.from(smallModel.subarray(from, until)));
});

test.each([
  `bytes=${size}-`,
  `bytes=${size}-${size + 1}`,
  "bytes=-0",
])("the range %s lies outside and is answered with 416 and the size", async (range) => {
  const answer = await world.get(path, { range });

  expect(answer.status).toBe(416);
  expect(answer.headers.get("content-range")).toBe(`bytes */${size}`);
  expect(Problem.parse(await answer.json()).code).toBe("RANGE_NOT_SATISFIABLE");
});

test.each([
  "bytes=0-1,5-6",
  "bytes=9-3",
  "items=0-1",
  "bytes=-",
  "bytes=a-b",
])("the range %s is not one range of bytes and is answered with the whole", async (range) => {
  const answer = await world.get(path, { range });

  expect(answer.status).toBe(200);
  expect(await bytesOf(answer)).toHaveLength(size);
});

test("a range of another content is answered with the whole, of this content with the range", async () => {
  const range = "bytes=5-9";

  const other = await world.get(path, { range, "if-range": `"${"0".repeat(64)}"` });
  const weak = await world.get(path, { range, "if-range": `W/"${digest}"` });
  const same = await world.get(path, { range, "if-range": `"${digest}"` });

  expect([other.status, weak.status, same.status]).toEqual([200, 200, 206]);
  await Promise.all([other, weak, same].map(bytesOf));
});

test("who has the content is told so without a byte of it", async () => {
  const answer = await world.get(path, { "if-none-match": `"${digest}"` });

  expect(answer.status).toBe(304);
  expect(await bytesOf(answer)).toHaveLength(0);
});

test("HEAD tells the size and takes no place of a download", async () => {
  const answer = await world.get(path, {}, "HEAD");

  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-length")).toBe(String(size));
  expect(await bytesOf(answer)).toHaveLength(0);
});

test("the envelope of a release and the root come as they were signed; others are unknown", async () => {
  const { release, envelopeSize } = world.release;

  const envelope = await world.get(`/v1/device/releases/${release}`);
  const root = await world.get("/v1/device/root/1");
  const unknown = await Promise.all(
    ["root/2", "root/0", "root/x", `releases/${"0".repeat(64)}`, `blobs/${"0".repeat(64)}`].map(
      async (name) => (await world.get(`/v1/device/${name}`)).status,
    ),
  );

  expect(await bytesOf(envelope)).toHaveLength(envelopeSize);
  expect(JSON.parse((await bytesOf(root)).toString("utf8"))).toHaveProperty("signatures");
  expect(unknown).toEqual([404, 400, 400, 404, 404]);
});

test("a download goes on where it stopped", async () => {
  const half = Math.floor(size / 2);
  const head = await bytesOf(await world.get(path, { range: `bytes=0-${half - 1}` }));

  const rest = await world.get(path, { range: `bytes=${half}-`, "if-range": `"${digest}"` });

  expect(Buffer.concat([head, await bytesOf(rest)])).toEqual(Buffer.from(smallModel));
});
