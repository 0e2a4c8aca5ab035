import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  CaptureHeader,
  captureLimits,
  openCapture,
  rawX25519PublicKey,
  sealCapture,
  sealedCaptureBytes,
  x25519PrivateKey,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { createHpkeSealer } from "../../../../protocol/src/capture/hpke.ts";

const secret = new Uint8Array(32).fill(9);
const key = x25519PrivateKey(secret);
const recipient = rawX25519PublicKey(createPublicKey(key));
const ephemeralSecret = new Uint8Array(32).fill(5);

const tensors = [new Uint8Array(captureLimits.pieceBytes + 8).fill(3), new Uint8Array(12).fill(4)];
const header = CaptureHeader.parse({
  ...{ spec: 1, policy: "retrain", strategy: "random", device: "cam-0017", slot: "main" },
  ...{ release: "ab".repeat(32), model: "digits", version: "1.0.0", atMs: 1_800_000_000_000 },
  ...{ id: "part 7", redacted: ["face"] },
  tensors: [
    { role: "input", name: "x", dtype: "uint8", shape: [1, 65_544], bytes: tensors[0]?.length },
    { role: "output", name: "y", dtype: "float32", shape: [1, 3], bytes: 12 },
  ],
});
const capture = { header, tensors };
const seal = (changes = {}) =>
  Buffer.concat([...sealCapture({ ...capture, ...changes }, { recipient, ephemeralSecret })]);

test("whoever has the key reads a capture as it was, and its length was known before", () => {
  const file = seal();

  expect(openCapture(file, key)).toEqual({
    header,
    tensors: tensors.map((one) => Buffer.from(one)),
  });
  expect(file).toHaveLength(sealedCaptureBytes(capture));
  expect(file.includes("part 7")).toBe(false);
});

test("no piece is so long that requests would wait for it", () => {
  const pieces = [...sealCapture(capture, { recipient, ephemeralSecret })];

  expect(Math.max(...pieces.map(({ length }) => length))).toBe(captureLimits.pieceBytes);
});

test("the committed capture is opened by whoever follows protocol.md 10", () => {
  const file = readFileSync(new URL("../../../vectors/capture/part-7.mfcap", import.meta.url));
  const raw = readFileSync(
    new URL("../../../vectors/capture/recipient.hex", import.meta.url),
    "utf8",
  );
  const opened = openCapture(
    file,
    x25519PrivateKey(Uint8Array.from(Buffer.from(raw.trim(), "hex"))),
  );

  expect(opened.header).toMatchObject({ policy: "retrain", id: "part 7", redacted: ["face"] });
  expect(opened.tensors.map((one) => [...new Float32Array(Uint8Array.from(one).buffer)])).toEqual([
    [0.5, -1],
    [0.25, 0.75],
  ]);
});

describe("what is no capture is refused:", () => {
  const spoiled = (change: (file: Buffer) => Buffer) => change(Buffer.from(seal()));
  test.each([
    ["nothing", Buffer.alloc(0)],
    ["another mark", spoiled((file) => Buffer.concat([Buffer.from("MFCAP002"), file.subarray(8)]))],
    ["the mark alone", Buffer.from("MFCAP001")],
    ["a cut end", spoiled((file) => file.subarray(0, -1))],
    ["one byte more", spoiled((file) => Buffer.concat([file, Buffer.of(0)]))],
    ["a header longer than the file", sealed(Buffer.from([255, 255, 255, 255]))],
    ["no header", sealed(Buffer.alloc(3))],
    ["a header that is no JSON", sealed(framed("{"))],
    ["a header of another form", sealed(framed('{"spec":2}'))],
    ["fewer bytes of tensors than it says", seal({ tensors: tensors.slice(1) })],
    ["more bytes of tensors than it says", seal({ tensors: [...tensors, new Uint8Array(1)] })],
  ])("%s", (_, file) => {
    expect(() => openCapture(file, key)).toThrow(expect.objectContaining({ code: "FORMAT" }));
  });
});

function framed(json: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, Buffer.from(json)]);
}

/** Anybody can seal anything to a public key. */
function sealed(inside: Uint8Array): Buffer {
  const mark = Buffer.from("MFCAP001");
  const context = { info: Buffer.from("modelfleet capture 1"), aad: mark };
  const sealer = createHpkeSealer({ recipient, ephemeralSecret }, context);
  return Buffer.concat([mark, sealer.enc, sealer.update(inside), sealer.end()]);
}
