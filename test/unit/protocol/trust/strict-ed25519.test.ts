import { describe, expect, test } from "vitest";
import {
  isStrictPublicKey,
  isStrictSignature,
} from "../../../../protocol/src/trust/core/strict-ed25519.ts";

const PRIME = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const ORDER_8_Y = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const SMALL_ORDER_YS = [0n, 1n, ORDER_8_Y, PRIME - ORDER_8_Y, PRIME - 1n];
const base = encoded(9n);

describe("a point", () => {
  test.each([2n, 9n, PRIME - 2n, 2n ** 254n])("F1: with y = %d is written as it should be", (y) => {
    for (const point of withBothSigns(y)) {
      expect(isStrictPublicKey(point)).toBe(true);
      expect(isStrictSignature(signature(point, 1n))).toBe(true);
    }
  });

  test.each(SMALL_ORDER_YS)("F1: of small order, with y = %d, is refused", (y) => {
    for (const point of withBothSigns(y)) {
      expect(isStrictPublicKey(point)).toBe(false);
      expect(isStrictSignature(signature(point, 1n))).toBe(false);
    }
  });

  test("F1: with y from p to 2^255 - 1 is a second spelling, and refused", () => {
    for (let y = PRIME; y < 2n ** 255n; y += 1n) {
      for (const point of withBothSigns(y)) {
        expect(isStrictPublicKey(point)).toBe(false);
        expect(isStrictSignature(signature(point, 1n))).toBe(false);
      }
    }
  });

  test("that is no bytes, or not 32 of them, is refused", () => {
    expect(isStrictPublicKey(Buffer.from(base))).toBe(true);
    for (const odd of [undefined, null, "x".repeat(32), [...base], new Uint16Array(32).fill(9)]) {
      expect(isStrictPublicKey(odd)).toBe(false);
    }
    expect(isStrictPublicKey(base.subarray(1))).toBe(false);
    expect(isStrictPublicKey(Uint8Array.of(...base, 0))).toBe(false);
  });
});

describe("a signature", () => {
  test.each([0n, 1n, ORDER - 1n])("F1: with S = %d, below L, is written as it should be", (s) => {
    expect(isStrictSignature(signature(base, s))).toBe(true);
  });

  test.each([ORDER, ORDER + 1n, 2n ** 253n, 2n ** 256n - 1n])("F1: with S = %d is refused", (s) => {
    expect(isStrictSignature(signature(base, s))).toBe(false);
  });

  test("that is no bytes, or not 64 of them, is refused", () => {
    const whole = signature(base, 1n);

    expect(isStrictSignature(Buffer.from(whole))).toBe(true);
    for (const odd of [undefined, null, "x".repeat(64), [...whole], new Uint16Array(64).fill(1)]) {
      expect(isStrictSignature(odd)).toBe(false);
    }
    expect(isStrictSignature(whole.subarray(0, 63))).toBe(false);
    expect(isStrictSignature(Uint8Array.of(...whole, 0))).toBe(false);
  });
});

function signature(r: Uint8Array, s: bigint): Uint8Array {
  return Uint8Array.of(...r, ...encoded(s));
}

/** Little-endian, 32 bytes. */
function encoded(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex")).reverse();
}

function withBothSigns(y: bigint): readonly Uint8Array[] {
  return [encoded(y), encoded(y + 2n ** 255n)];
}
