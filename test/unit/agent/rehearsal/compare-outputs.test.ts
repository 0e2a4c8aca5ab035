import { measureLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { compareOutputs } from "../../../../agent/src/domain/rehearsal/compare-outputs.ts";
import type { Tensor } from "../../../../agent/src/domain/tensor.ts";
import { floatTensor } from "../../../support/agent/floats.ts";

const rows = (...values: number[]) => floatTensor("y", [1, values.length], values);
const compare = (live: Tensor, shadow: Tensor, ranked: readonly string[] = [], turn = 0) =>
  compareOutputs([live], [shadow], { ranked: new Set(ranked), turn });

describe("an output of probabilities", () => {
  test("agrees by its likeliest class, however sure it is", () => {
    expect(compare(rows(0.6, 0.3, 0.1), rows(0.4, 0.3, 0.3))).toMatchObject({ agrees: true });
    expect(compare(rows(0.6, 0.3, 0.1), rows(0.3, 0.4, 0.3))).toMatchObject({ agrees: false });
  });

  test("agrees only when every row does", () => {
    const live = floatTensor("y", [2, 2], [0.9, 0.1, 0.2, 0.8]);

    expect(compare(live, floatTensor("y", [2, 2], [0.8, 0.2, 0.3, 0.7])).agrees).toBe(true);
    expect(compare(live, floatTensor("y", [2, 2], [0.8, 0.2, 0.7, 0.3])).agrees).toBe(false);
  });

  test("disagrees when it says NaN, which is not finite", () => {
    expect(compare(rows(0.9, 0.1), rows(0.9, Number.NaN))).toMatchObject({
      agrees: false,
      isNonFinite: true,
    });
  });
});

describe("an output of numbers", () => {
  test.each([
    ["within the tolerance", 100.1, true],
    ["one step outside of it", 100.11, false],
  ])("%s", (_, got, agrees) => {
    expect(compare(rows(100, 7), rows(got, 7)).agrees).toBe(agrees);
  });

  test("is compared by its largest value where the golden cases do", () => {
    expect(compare(rows(10, -3), rows(4, -1)).agrees).toBe(false);
    expect(compare(rows(10, -3), rows(4, -1), ["y"]).agrees).toBe(true);
  });

  test("says how far it is off, of finite numbers", () => {
    const { maxDelta } = compare(rows(1, 2, 3), rows(1.5, -2, Number.POSITIVE_INFINITY));

    expect(maxDelta).toBe(4);
  });

  test("may be infinite or NaN where the live one is so too", () => {
    const odd = rows(Number.NaN, Number.NEGATIVE_INFINITY);

    expect(compare(odd, odd)).toMatchObject({ agrees: true, isNonFinite: false });
    expect(compare(odd, rows(Number.NaN, 1))).toMatchObject({ agrees: false, isNonFinite: false });
  });
});

test("texts and large whole numbers agree when they are the same", () => {
  const text = (content: string): Tensor => {
    const bytes = Buffer.concat([Buffer.from([content.length, 0, 0, 0]), Buffer.from(content)]);
    return { name: "label", dtype: "string", shape: [1], bytes };
  };
  const whole = (value: bigint): Tensor => {
    const bytes = new Uint8Array(BigInt64Array.from([value]).buffer);
    return { name: "label", dtype: "int64", shape: [1], bytes };
  };

  expect(compare(text("cat"), text("cat")).agrees).toBe(true);
  expect(compare(text("cat"), text("dog")).agrees).toBe(false);
  expect(compare(whole(7n), whole(7n)).agrees).toBe(true);
  expect(compare(whole(7n), whole(8n)).agrees).toBe(false);
});

test("another shape is another answer", () => {
  expect(compare(rows(1), floatTensor("y", [1], [1])).agrees).toBe(false);
});

test("only outputs that both gave are compared; without one nothing is known", () => {
  const [y, other] = [rows(1), { ...rows(2), name: "z" }];
  const options = { ranked: new Set<string>(), turn: 0 };

  expect(compareOutputs([y, other], [y], options)).toMatchObject({ outputs: 1, agrees: true });
  expect(compareOutputs([y], [other], options)).toMatchObject({ outputs: 0 });
});

test("of a large output a part is compared, each in its turn", () => {
  const length = measureLimits.elementsMax * 2;
  const live = floatTensor("y", [length, 1], new Float32Array(length));
  const last = new Float32Array(length);
  last[length - 1] = 5;
  const shadow = floatTensor("y", [length, 1], last);

  expect(compare(live, shadow, [], 0)).toMatchObject({ agrees: true, maxDelta: 0 });
  expect(compare(live, shadow, [], 1)).toMatchObject({ agrees: false, maxDelta: 5 });
  expect(compare(live, shadow, [], 2)).toMatchObject({ agrees: true });
});
