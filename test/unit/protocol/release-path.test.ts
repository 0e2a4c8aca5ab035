import { ReleasePath } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";

const isPath = (text: string) => ReleasePath.safeParse(text).success;

describe("F39: a path in a release", () => {
  test.each([
    ["one level up", "../x"],
    ["the root", "/x"],
    ["up from below", "a/../../x"],
    ["Windows' way up", "a\\..\\x"],
    ["a drive", "C:x"],
    ["the folder itself", "."],
    ["the folder above", ".."],
    ["nothing", ""],
    ["an empty level", "a//b"],
    ["a folder", "a/"],
    ["a NUL", "x\0y"],
    ["300 characters", "x".repeat(300)],
    ["a device on Windows", "CON"],
    ["a device with an ending, in small letters", "a/nul.onnx"],
    ["a trailing dot", "x."],
    ["a trailing space", "x "],
    ["an accent in one character (NFC)", "caf\u00e9.onnx"],
    ["an accent in two characters (NFD)", "cafe\u0301.onnx"],
    ["a hidden file", ".env"],
    ["a line break", "x\ny"],
    ["five levels", "a/b/c/d/e"],
    ["a name of 65 characters", "x".repeat(65)],
  ])("is not %s", (_what, path) => {
    expect(isPath(path)).toBe(false);
  });

  test.each([
    ["a plain name", "model.onnx"],
    ["four levels", "a/b/c/d"],
    ["a name of 64 characters", "x".repeat(64)],
    ["a name that only begins like a device", "console.onnx"],
    ["dots in the middle", "a/b-1_c.v2.onnx"],
  ])("may be %s", (_what, path) => {
    expect(isPath(path)).toBe(true);
  });
});
