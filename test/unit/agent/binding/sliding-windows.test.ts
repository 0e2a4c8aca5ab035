import { localBusLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { SlidingWindows } from "../../../../agent/src/domain/binding/sliding-windows.ts";

const pushAll = (windows: SlidingWindows, values: readonly number[], topic = "a") =>
  values.map((value) => windows.push(topic, [value]));

test("a window is asked for when it is full, and from then on at each message, the oldest value first", () => {
  const windows = new SlidingWindows({ size: 3, every: 1 });

  expect(pushAll(windows, [1, 2, 3, 4, 5])).toEqual([
    undefined,
    undefined,
    [1, 2, 3],
    [2, 3, 4],
    [3, 4, 5],
  ]);
});

test("with a stride it is asked for when it is full, and then at every second message", () => {
  const windows = new SlidingWindows({ size: 2, every: 2 });

  const asked = pushAll(windows, [1, 2, 3, 4, 5, 6]).map((window) => window ?? null);

  expect(asked).toEqual([null, [1, 2], null, [3, 4], null, [5, 6]]);
});

test("each topic has a window of its own", () => {
  const windows = new SlidingWindows({ size: 2, every: 1 });

  pushAll(windows, [1], "a");
  const other = pushAll(windows, [7], "b");

  expect(other).toEqual([undefined]);
  expect(pushAll(windows, [2], "a")).toEqual([[1, 2]]);
});

test("several elements of a message are one row, and floats stay floats", () => {
  const windows = new SlidingWindows({ size: 2, every: 1 });

  windows.push("a", new Float32Array([1, 2]));

  expect(windows.push("a", new Float32Array([3, 4]))).toEqual(new Float32Array([1, 2, 3, 4]));
  expect(windows.push("a", [5, 6])).toEqual([3, 4, 5, 6]);
});

test("a message of another length begins the window anew", () => {
  const windows = new SlidingWindows({ size: 2, every: 1 });

  windows.push("a", [1]);

  expect(windows.push("a", [1, 2])).toBeUndefined();
  expect(windows.push("a", [3, 4])).toEqual([1, 2, 3, 4]);
});

test("of more topics than there may be, the one silent longest gives way", () => {
  const windows = new SlidingWindows({ size: 2, every: 1 });
  for (let i = 0; i < localBusLimits.windowsMax; i += 1) windows.push(`t${i}`, [i]);
  windows.push("t0", [0]);

  windows.push("one more", [1]);

  expect(windows.count()).toBe(localBusLimits.windowsMax);
  expect(windows.push("t0", [9])).toEqual([0, 9]);
  expect(windows.push("t1", [9])).toBeUndefined();
});

test("all windows together hold no more elements than there may be", () => {
  const windows = new SlidingWindows({ size: 2, every: 1 });
  const quarter = new Float32Array(localBusLimits.windowElementsMax / 4);
  windows.push("a", quarter);
  windows.push("b", quarter);
  windows.push("c", quarter);
  windows.push("d", quarter);

  windows.push("e", quarter);

  expect(windows.count()).toBe(4);
  expect(windows.push("b", quarter)).toHaveLength(quarter.length * 2);
});

test("a window that could never be held is refused at its first message", () => {
  const windows = new SlidingWindows({ size: 2, every: 1 });
  const half = new Float32Array(localBusLimits.windowElementsMax / 2);

  expect(windows.push("a", half)).toBeUndefined();
  expect(() => windows.push("a", new Float32Array(half.length + 1))).toThrow("a window of at most");
});
