import { describe, expect, test } from "vitest";
import { RuntimeDown, RuntimeOrder } from "../../../../agent/src/loading/runtime-order.ts";

const onnx = { format: "onnx", runtime: "onnxruntime>=1.20" } as const;
const tfjs = { format: "tfjs", runtime: "tfjs>=4.0" } as const;
const lasting = new RuntimeDown("onnxruntime-node: no binary", { isLasting: true });
const passing = new RuntimeDown("onnxruntime-node: runner was ended by SIGILL", {
  isLasting: false,
});

function order({ isInstalled = false } = {}) {
  const down: string[] = [];
  const runtimes = new RuntimeOrder({
    isInstalled: () => isInstalled,
    onDown: (id, reason) => down.push(`${id} ${reason}`),
  });
  return { runtimes, down };
}

describe("the runtimes of a release", () => {
  test("of ONNX are the native one, then WebAssembly", () => {
    expect(order().runtimes.search(onnx).candidates).toEqual([
      "onnxruntime-node",
      "onnxruntime-web",
    ]);
  });

  test("of TensorFlow.js are WebAssembly, then plain JavaScript; the optional one first where it is installed", () => {
    expect(order().runtimes.search(tfjs).candidates).toEqual(["tfjs-wasm", "tfjs-cpu"]);
    expect(order({ isInstalled: true }).runtimes.search(tfjs).candidates).toEqual([
      "tfjs-node",
      "tfjs-wasm",
      "tfjs-cpu",
    ]);
  });
});

test("the first that starts is chosen without a word about others", () => {
  const search = order().runtimes.search(onnx);

  expect(search.choose("onnxruntime-node", "onnxruntime-node 1.30.0")).toEqual({
    id: "onnxruntime-node",
    version: "1.30.0",
    reason: "first choice of this platform",
  });
});

test("what said it cannot start is not asked again, and stays the reason for the next one", () => {
  const { runtimes, down } = order();
  runtimes.search(onnx).passOver("onnxruntime-node", lasting);

  const later = runtimes.search(onnx);

  expect(later.candidates).toEqual(["onnxruntime-web"]);
  expect(later.choose("onnxruntime-web", "onnxruntime-web 1.30.0").reason).toBe(
    "onnxruntime-node: no binary: chosen onnxruntime-web",
  );
  expect(down).toEqual(["onnxruntime-node onnxruntime-node: no binary"]);
});

test("what died while it started is asked again at the next load", () => {
  const { runtimes, down } = order();
  const first = runtimes.search(onnx);
  first.passOver("onnxruntime-node", passing);

  expect(first.choose("onnxruntime-web", "onnxruntime-web 1.30.0").reason).toBe(
    "onnxruntime-node: runner was ended by SIGILL: chosen onnxruntime-web",
  );
  expect(runtimes.search(onnx).candidates[0]).toBe("onnxruntime-node");
  expect(down).toEqual([]);
});

test.each([
  ["1.20", "1.20.0", true],
  ["1.20", "1.19.9", false],
  ["1.20", "1.3.0", false],
])("a release that needs >=%s takes version %s: %s", (least, version, isTaken) => {
  const search = order().runtimes.search({ ...onnx, runtime: `onnxruntime>=${least}` });
  const choose = () => search.choose("onnxruntime-node", `onnxruntime-node ${version}`);

  if (isTaken) expect(choose()).toMatchObject({ version });
  else expect(choose).toThrow(RuntimeDown);
});

test("with none left the refusal says what each of them said", () => {
  const search = order().runtimes.search(onnx);
  search.passOver("onnxruntime-node", lasting);
  search.passOver("onnxruntime-web", new RuntimeDown("onnxruntime-web: gone", { isLasting: true }));

  expect(search.exhausted()).toMatchObject({
    code: "UNSUPPORTED_RUNTIME",
    message: "onnxruntime-node: no binary; onnxruntime-web: gone",
  });
});
