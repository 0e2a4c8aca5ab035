import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { serveLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { apiFixture } from "../../../support/agent/api-fixture.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { eventually } from "../../../support/eventually.ts";

const path = "/v2/models/digits/infer";
const x = { name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] };
const texts = [{ name: "t", dtype: "string" as const, shape: [-1] }];
const good = JSON.stringify({ inputs: [x] });
const post = (body: string, headers = "") =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;

describe("a hostile body", () => {
  test.each([
    ["a million inputs", `{"inputs":[${"{},".repeat(999_999)}{}]}`, 400],
    ["JSON nested a hundred thousand deep", "[".repeat(100_000), 400],
    ["data nested deeper than its shape", { ...x, data: [[[[[1, 2]]]]] }, 400],
    [
      "dimensions whose product is beyond every number",
      { ...x, shape: [2 ** 53 - 1, 2 ** 53 - 1] },
      400,
    ],
    [
      "sixteen of the largest dimensions",
      { ...x, shape: Array(16).fill(2 ** 53 - 1) as number[] },
      400,
    ],
    ["a dimension that is no whole number", { ...x, shape: [1, 2.5] }, 400],
    ["a negative dimension", { ...x, shape: [-1, 2] }, 400],
    ["a name of a prototype", { ...x, name: "__proto__" }, 400],
    ["a datatype of a prototype", { ...x, datatype: "constructor" }, 400],
    ["JSON longer than its limit", Buffer.alloc(serveLimits.jsonBytesMax + 1, " "), 413],
  ])("is refused: %s", async (_, body, status) => {
    await using fixture = await apiFixture();
    await fixture.activate(fakeModel({ version: "1.0.0" }));
    const bytes = typeof body === "string" ? Buffer.from(body) : undefined;
    const asked = Buffer.isBuffer(body) ? body : (bytes ?? { inputs: [body] });

    const reply = await fixture.ask({ path, body: asked });

    expect(reply.status).toBe(status);
    expect(reply.bytes.length).toBeLessThan(1_000);
    expect(fixture.defects).toEqual([]);
  });

  test.each([
    ["a text longer than the rest", "ff00000061", 5],
    ["a text of four gigabytes", "ffffffff61", 5],
    ["a length cut in two", "0000", 2],
    ["more texts than the shape says", "0000000000000000", 8],
  ])("is refused: %s", async (_, hex, size) => {
    await using fixture = await apiFixture();
    await fixture.activate(fakeModel({ version: "1.0.0", inputs: texts }));
    const head = JSON.stringify({
      inputs: [
        { name: "t", datatype: "BYTES", shape: [1], parameters: { binary_data_size: size } },
      ],
    });
    const headers = { "inference-header-content-length": String(head.length) };

    const body = Buffer.concat([Buffer.from(head), Buffer.from(hex, "hex")]);
    const reply = await fixture.ask({ path, body, headers });

    expect(reply.status).toBe(400);
    expect(fixture.defects).toEqual([]);
  });

  test.each([
    "-1",
    "1e3",
    "0x10",
    "99999999999",
    "",
    "5, 5",
  ])("is refused with a header length of %j", async (length) => {
    await using fixture = await apiFixture();
    await fixture.activate(fakeModel({ version: "1.0.0" }));
    const headers = { "inference-header-content-length": length };

    const reply = await fixture.ask({ path, body: Buffer.from(good), headers });

    expect(reply.status).toBe(400);
  });
});

describe("a hostile connection", () => {
  test("with headers beyond their limit is refused", async () => {
    await using fixture = await apiFixture();
    const socket = connect(fixture.api.socketPath);

    const said = heard(socket);
    socket.write(post(good, `X: ${"y".repeat(serveLimits.headerBytesMax)}\r\n`));

    await eventually(() => expect(said()).toContain("431"));
  });

  test("that pipelines more than the queue takes has each answered, in order, and no more at once", async () => {
    await using fixture = await apiFixture();
    const model = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await fixture.activate(model);
    const socket = connect(fixture.api.socketPath);
    const said = heard(socket);

    socket.write(post(good).repeat(100));
    await eventually(() => model.waiting.length > 0);
    let most = 0;
    await eventually(() => {
      most = Math.max(most, model.waiting.length);
      for (const waiting of model.waiting.splice(0)) waiting.answer();
      return said().split("HTTP/1.1 ").length === 101;
    });

    expect(most).toBeLessThanOrEqual(64);
    expect(new Set(said().match(/HTTP\/1\.1 \d+/g))).toEqual(
      new Set(["HTTP/1.1 200", "HTTP/1.1 429"]),
    );
    socket.destroy();
  });

  test("closed in the middle of its body, or before its answer, is nobody else's business", async () => {
    await using fixture = await apiFixture();
    const model = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await fixture.activate(model);
    const [cut, deaf] = [connect(fixture.api.socketPath), connect(fixture.api.socketPath)];
    await Promise.all([once(cut, "connect"), once(deaf, "connect")]);

    cut.write(post(good).slice(0, -5), () => cut.destroy());
    deaf.write(post(good));
    await eventually(() => model.waiting.length === 1);
    deaf.destroy();
    model.waiting.splice(0)[0]?.answer();
    const asked = fixture.ask({ path, body: { inputs: [x] } });
    await eventually(() => model.waiting.length === 1);
    model.waiting[0]?.answer();

    expect((await asked).status).toBe(200);
    expect(fixture.defects).toEqual([]);
  });

  test("among a hundred that never finish their headers does not stop others", async () => {
    await using fixture = await apiFixture();
    await fixture.activate(fakeModel({ version: "1.0.0" }));
    const slow = Array.from({ length: 100 }, () => connect(fixture.api.socketPath));
    for (const socket of slow) socket.write("POST / HTTP/1.1\r\nX-");

    const reply = await fixture.ask({ path, body: { inputs: [x] } });

    expect(reply.status).toBe(200);
    for (const socket of slow) socket.destroy();
  });

  test("is refused while the bodies of others fill the room for all, and served when they are gone", async () => {
    await using fixture = await apiFixture({ bodyBytesHeldMax: 1_000 });
    await fixture.activate(fakeModel({ version: "1.0.0" }));
    const holding = connect(fixture.api.socketPath);
    holding.write(post(" ".repeat(2_000)).slice(0, 1_050));

    const refused = await eventually(async () => {
      const reply = await fixture.ask({ path, body: { inputs: [x] } });
      return reply.status === 429 ? reply : undefined;
    });
    holding.destroy();

    expect(refused?.json()).toEqual({
      error: "expected at most 1000 bytes of requests at once; send again later",
    });
    await eventually(async () => {
      expect((await fixture.ask({ path, body: { inputs: [x] } })).status).toBe(200);
    });
  });
});

/** All that was received so far. */
function heard(socket: Socket): () => string {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => undefined);
  return () => text;
}
