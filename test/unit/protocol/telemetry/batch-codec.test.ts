import {
  batchBytesMax,
  type DeviceId,
  decodeBatch,
  decodeWindow,
  digest8,
  encodeBatch,
  encodedWindowBytes,
  encodeWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { seededRandom } from "../../../support/random.ts";
import { randomObservation, recorded } from "../../../support/telemetry/observations.ts";
import { refusalOf } from "../../../support/telemetry/refusal-of.ts";
import {
  batchOf,
  dayStartMs,
  emptySketch,
  emptyWindow,
  profileDigest,
  referenceOf,
} from "../../../support/telemetry/windows.ts";

const seed = 4_711;
const profile = digest8(profileDigest);

test(`what a device measured arrives as it was sent (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const observations = Array.from({ length: 300 }, () => randomObservation(random, 16));
  const sent = batchOf(recorded(referenceOf(16), observations));

  expect(decodeBatch(encodeBatch(sent))).toEqual(sent);
});

test("equal batches are equal bytes", () => {
  expect(encodeBatch(batchOf([emptyWindow]))).toEqual(encodeBatch(batchOf([{ ...emptyWindow }])));
});

test("a window alone survives its store", () => {
  const window = { ...emptyWindow, requests: 3, errors: [{ code: "TIMEOUT", count: 3 }] };

  expect(decodeWindow(encodeWindow(window))).toEqual(window);
  expect(encodedWindowBytes(window)).toBeGreaterThanOrEqual(
    encodeBatch(batchOf([window])).length - encodeBatch(batchOf([])).length,
  );
});

test.each([
  [4, 900, 400],
  [16, 900, 1_100],
  [64, 900, 3_700],
  [16, 20_000, 1_500],
])("T9: %i features of 20 bins after %i requests take at most %i bytes", (features, requests, bytes) => {
  const random = seededRandom(seed);
  const observations = Array.from({ length: requests }, () => randomObservation(random, features));
  const [window] = recorded(referenceOf(features), observations);

  expect(window?.items).toBe(requests);
  expect(window === undefined ? 0 : encodeWindow(window).length).toBeLessThanOrEqual(bytes);
});

test("T9: a device with 16 features sends at most 4,500 bytes an hour in windows of 15 minutes, all frames included", () => {
  const random = seededRandom(seed);
  const observations = Array.from({ length: 4 }, (_, quarter) =>
    Array.from({ length: 900 }, () => ({
      ...randomObservation(random, 16),
      nowMs: dayStartMs + quarter * 900_000,
    })),
  );
  const batches = observations.map((seen, seq) => {
    const windows = recorded(referenceOf(16), seen);
    return encodeBatch({ ...batchOf(windows), seq, boot: 1_000 }).length + 64;
  });

  expect(batches.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(4_500);
});

test("a counter may be the greatest safe integer and no more", () => {
  const last = { ...batchOf([]), boot: Number.MAX_SAFE_INTEGER };

  expect(decodeBatch(encodeBatch(last))).toEqual(last);
  expect(() => decodeBatch(encodeBatch({ ...last, boot: 2 ** 53 }))).toThrow(/ boot: /);
});

const sketch = { ...emptySketch, counts: [0, 1, 0] };
const many = (length: number) => new Array<number>(length).fill(1);
const latency = { scale: 3, zeroCount: 0, offset: 0, counts: [1], sumUs: 1 };
const withFeature = (changes: object) => ({ profile, features: [{ ...sketch, ...changes }] });
const category = { counts: [1, 0], missing: 0, distinctOther: new Uint8Array(0) };
const withCategory = (changes: object) => ({
  profile,
  categories: [{ ...category, ...changes }],
});
const noised = { epsilon: 1 };
const withLatency = (changes: object) => ({ latency: { ...latency, ...changes } });
const withErrors = (...codes: string[]) => ({ errors: codes.map((code) => ({ code, count: 1 })) });
const withOutput = (classes: number, bins: number) => ({
  profile,
  outputs: [{ classCounts: many(classes), confidenceCounts: many(bins) }],
});

test.each<[string, object]>([
  ["as many bins as allowed", withFeature({ counts: many(telemetryLimits.binsMax + 2) })],
  ["as many features", { profile, features: many(telemetryLimits.featuresMax).map(() => sketch) }],
  ["as many classes and confidence bins", withOutput(64, 64)],
  ["as many latency buckets", withLatency({ counts: many(160) })],
  ["as many requests", { requests: telemetryLimits.requestsPerWindowMax }],
  ["as long a window", { durationMs: telemetryLimits.windowMsMax }],
  ["sums as large", withFeature({ sum: -1e90, sumOfSquares: 1e90 })],
  ["the shortest and the longest latency", withLatency({ offset: -81, scale: 3 })],
  ["error codes in order", withErrors("A", "B")],
])("a window with %s is taken", (_, changes) => {
  const window = { ...emptyWindow, ...changes };

  expect(decodeWindow(encodeWindow(window))).toEqual(window);
});

test.each<[string, object]>([
  ["features[0].counts", withFeature({ counts: many(telemetryLimits.binsMax + 3) })],
  ["features[0].counts[1]", withFeature({ counts: [0, 1e9 + 1] })],
  ["features[0].counts[1]", withFeature({ counts: [0, 2 ** 63] })],
  ["features[0].nan", withFeature({ nan: 2 ** 53 })],
  ["features[0].missing", withFeature({ missing: 2 ** 60 })],
  ["features[0].sum", withFeature({ sum: Number.NaN })],
  ["features[0].sum", withFeature({ sum: 1e91 })],
  ["features[0].sumOfSquares", withFeature({ sumOfSquares: Number.POSITIVE_INFINITY })],
  ["features[0].min", withFeature({ min: Number.NEGATIVE_INFINITY })],
  ["features[0].max", withFeature({ max: Number.NaN })],
  ["features", { profile, features: many(telemetryLimits.featuresMax + 1).map(() => sketch) }],
  ["features", { profile: null, features: [sketch] }],
  ["features", { profile: null, categories: [category] }],
  ["categories", { profile, categories: many(17).map(() => category) }],
  ["categories[0].counts", withCategory({ counts: many(66) })],
  ["categories[0].counts[1]", withCategory({ counts: [0, 1e9 + 1] })],
  ["categories[0].missing", withCategory({ missing: 1e9 + 1 })],
  ["categories[0].distinctOther", withCategory({ distinctOther: new Uint8Array(47) })],
  ["features[0].noised[0]", { ...noised, ...withFeature({ counts: [-1e9 - 1, 0, 0] }) }],
  ["categories[0].noised[1]", { ...noised, ...withCategory({ counts: [0, 1e9 + 1] }) }],
  ["epsilon", { epsilon: 10.5 }],
  ["epsilon", { epsilon: -1 }],
  ["epsilon", { epsilon: Number.NaN }],
  ["sampleRate", { sampleRate: 1.5 }],
  ["sampleRate", { sampleRate: -0.5 }],
  ["outputs", { profile, outputs: many(9).map(() => ({ classCounts: [], confidenceCounts: [] })) }],
  ["outputs[0].classCounts", withOutput(65, 64)],
  ["outputs[0].confidenceCounts", withOutput(64, 65)],
  ["latency.counts", withLatency({ counts: many(161) })],
  ["latency.scale", withLatency({ scale: 21 })],
  ["latency.scale", withLatency({ scale: -11 })],
  ["latency.offset", withLatency({ offset: -82 })],
  ["latency.offset", withLatency({ offset: 320 })],
  ["latency.offset", withLatency({ offset: -(2 ** 31) })],
  ["latency.zeroCount", withLatency({ zeroCount: 1e6 + 1 })],
  ["latency.sumUs", withLatency({ sumUs: -1 })],
  ["requests", { requests: telemetryLimits.requestsPerWindowMax + 1 }],
  ["items", { items: telemetryLimits.itemsPerWindowMax + 1 }],
  ["startMs", { startMs: 2 ** 53 }],
  ["durationMs", { durationMs: telemetryLimits.windowMsMax + 1 }],
  ["slot", { slot: "Main" }],
  ["releaseDigest", { release: "" }],
  ["releaseDigest", { release: "abcd" }],
  ["profileDigest", { profile: "00".repeat(9) }],
  ["errors[0].code", withErrors("lower")],
  ["errors[0].code", withErrors("X".repeat(65))],
  ["errors[1].code", withErrors("B", "A")],
  ["errors[1].code", withErrors("A", "A")],
  ["errors", withErrors(...many(17).map((_, i) => `E${i + 10}`))],
  ["errors[0].count", { errors: [{ code: "A", count: 1e6 + 1 }] }],
])("a window whose %s is out of bounds is refused by that name", (field, changes) => {
  const bytes = encodeWindow({ ...emptyWindow, ...changes });

  expect(refusalOf(() => decodeWindow(bytes))).toMatch(`telemetry window.${field}: `);
});

test("sixteen windows fit a batch, seventeen are refused", () => {
  const windows = (length: number) => Array.from({ length }, () => emptyWindow);

  expect(decodeBatch(encodeBatch(batchOf(windows(16)))).windows).toHaveLength(16);
  expect(refusalOf(() => decodeBatch(encodeBatch(batchOf(windows(17)))))).toMatch(" windows: ");
});

test("a batch of a device whose name is none is refused", () => {
  const bytes = encodeBatch({ ...batchOf([]), device: "a/b" as DeviceId });

  expect(refusalOf(() => decodeBatch(bytes))).toMatch(" device: ");
});

test("one byte more than a message holds is refused before it is read", () => {
  expect(refusalOf(() => decodeBatch(new Uint8Array(batchBytesMax + 1)))).toMatch(/at most 32704/);
  expect(refusalOf(() => decodeBatch(new Uint8Array(batchBytesMax)))).not.toMatch(/at most 32704/);
});

test("a packed list that claims a thousand million entries is refused without memory for them", () => {
  // windows: 1 window of 13 bytes { features: 1 sketch of 11 { counts: length 10^9, then five bytes } }
  const claim = [0x2a, 13, 0x5a, 11, 0x0a, 0x80, 0x94, 0xeb, 0xdc, 0x03, 1, 1, 1, 1, 1];

  expect(refusalOf(() => decodeBatch(Uint8Array.from(claim)))).toMatch(/not one/);
});

test.each([
  ["windows", [0x2a, 0]],
  ["windows[0].errors", [0x4a, 0]],
  ["windows[0].latency", [0x52, 0]],
  ["windows[0].features", [0x5a, 0]],
  ["windows[0].outputs", [0x62, 0]],
  ["windows[0].categories", [0x72, 0]],
])("thousands of empty %s are refused by that name", (field, empty) => {
  const repeated = Array.from({ length: 16_000 }, () => empty).flat();
  const window = [
    0x2a,
    0x80 | (repeated.length & 0x7f),
    0x80 | ((repeated.length >> 7) & 0x7f),
    repeated.length >> 14,
  ];
  const bytes = Uint8Array.from(field === "windows" ? repeated : [...window, ...repeated]);

  expect(refusalOf(() => decodeBatch(bytes))).toMatch(`telemetry ${field}: at most`);
});

test(`random bytes are refused as format, never as a defect (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const valid = encodeBatch(batchOf([emptyWindow]));
  let refused = 0;
  for (let round = 0; round < 5_000; round++) {
    const bytes = Uint8Array.from(valid);
    bytes[random.below(bytes.length)] = random.below(256);
    const cut = bytes.subarray(0, random.below(bytes.length + 1));
    if (refusalOf(() => decodeBatch(cut)) !== "") refused++;
  }

  expect(refused).toBeGreaterThan(4_000);
});

test("fields of a later protocol are ignored", () => {
  const later = [...encodeBatch(batchOf([emptyWindow])), 0xfa, 0x01, 0x02, 0x68, 0x69];

  expect(decodeBatch(Uint8Array.from(later))).toEqual(batchOf([emptyWindow]));
});
