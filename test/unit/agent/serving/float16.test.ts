import { expect, test } from "vitest";
import { decodeFloat16, encodeFloat16 } from "../../../../agent/src/domain/float16.ts";

test("every one of the 65,536 words is decoded as the language itself does, and back", () => {
  // The test runs on Node 24, which has Float16Array; the agent also runs where it is missing.
  const words = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const reference = new Float16Array(words.buffer);

  for (const word of words) {
    const value = decodeFloat16(word);
    expect(Object.is(value, reference[word])).toBe(true);
    if (!Number.isNaN(value)) expect(encodeFloat16(value)).toBe(word);
  }
});

test("numbers between two words go to the nearest, ties to the even one", () => {
  const reference = new Float16Array(1);
  const bits = new Uint16Array(reference.buffer);
  const between = Array.from({ length: 0x7c00 }, (_, word) => {
    const [low, high] = [decodeFloat16(word), word === 0x7bff ? 65_536 : decodeFloat16(word + 1)];
    return [low + (high - low) * 0.25, (low + high) / 2, low + (high - low) * 0.75];
  }).flat();

  for (const value of [...between, 1e9, 2 ** -26, 5e-324]) {
    for (const signed of [value, -value]) {
      reference[0] = signed;
      expect(encodeFloat16(signed), String(signed)).toBe(bits[0]);
    }
  }
});
