import { describe, expect, test } from "vitest";
import { writeBoundAnswer } from "../../../../agent/src/domain/binding/write-bound-answer.ts";
import type { ServedAnswer } from "../../../../agent/src/domain/open-inference/served-models.ts";
import { readAnswer } from "../../../support/agent/binding-rig.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";

const floats = (name: string, values: readonly number[], shape = [1, values.length]) => ({
  ...{ name, dtype: "float32" as const, shape },
  bytes: new Uint8Array(new Float32Array(values).buffer),
});

function answer(...outputs: ServedAnswer["outputs"]): ServedAnswer {
  return { model: fakeModel({ version: "1.2.3" }), outputs };
}

const written = (given: ServedAnswer, rules = {}) => readAnswer(writeBoundAnswer(given, rules));

describe("an answer for a topic", () => {
  test("names the model, its version and every output", () => {
    expect(written(answer(floats("y", [0.5, 2])))).toEqual({
      model: "digits",
      version: "1.2.3",
      outputs: [{ name: "y", datatype: "FP32", shape: [1, 2], data: [0.5, 2] }],
    });
  });

  test("names the largest element of an output, its label and its value", () => {
    const rules = { argmax: "y", labels: ["ok", "worn"] };
    expect(written(answer(floats("y", [0.25, 0.75])), rules)).toMatchObject({
      ...{ argmax: 1, label: "worn", score: 0.75 },
    });
  });

  test("names them for each row where there are several", () => {
    const rules = { argmax: "y", labels: ["ok", "worn"] };
    expect(written(answer(floats("y", [3, 1, 2, 5], [2, 2])), rules)).toMatchObject({
      ...{ argmax: [0, 1], label: ["ok", "worn"], score: [3, 5] },
    });
  });

  test("takes the first of equals, and what is no number only where nothing is one", () => {
    const best = (values: number[]) => written(answer(floats("y", values)), { argmax: "y" });
    expect(best([1, 4, 4])).toMatchObject({ argmax: 1 });
    expect(best([Number.NaN, -1, Number.NEGATIVE_INFINITY])).toMatchObject({
      argmax: 1,
      score: -1,
    });
    expect(best([Number.NaN])).toMatchObject({ argmax: 0, score: "NaN" });
    expect(best([1, Number.POSITIVE_INFINITY])).toMatchObject({ argmax: 1, score: "Infinity" });
  });

  test("has no label where there are fewer labels than elements, and none without labels", () => {
    const one = answer(floats("y", [0, 0, 9]));
    expect(written(one, { argmax: "y", labels: ["a", "b"] })).toMatchObject({ label: null });
    expect(written(one, { argmax: "y" })).not.toHaveProperty("label");
  });

  test("reads 64-bit integers and half floats too", () => {
    const bytes = new Uint8Array(BigInt64Array.of(3n, 9n).buffer);
    const whole = { name: "y", dtype: "int64" as const, shape: [2], bytes };
    expect(written(answer(whole), { argmax: "y" })).toMatchObject({ argmax: 1, score: 9 });
    const half = new Uint8Array(Uint16Array.of(0x3c00, 0x4000).buffer);
    const halves = { name: "y", dtype: "float16" as const, shape: [2], bytes: half };
    expect(written(answer(halves), { argmax: "y" })).toMatchObject({ argmax: 1, score: 2 });
  });

  test("is refused where the output of the argmax is none of the model's, or has no numbers", () => {
    expect(() => written(answer(floats("y", [1])), { argmax: "z" })).toThrow("expected one of y");
    expect(() => written(answer(floats("y", [], [1, 0])), { argmax: "y" })).toThrow("of numbers");
    const text = { name: "y", dtype: "string" as const, shape: [1], bytes: new Uint8Array(4) };
    expect(() => written(answer(text), { argmax: "y" })).toThrow("of numbers");
  });

  test("S29: takes names of tensors as values, whatever they are", () => {
    const hostile = ["a/b", "#", "+", '"},{"', "a\nb", "__proto__", "$SYS/broker"];
    const { outputs } = written(answer(...hostile.map((name) => floats(name, [1]))));
    expect(outputs?.map(({ name }) => name)).toEqual(hostile);
  });
});
