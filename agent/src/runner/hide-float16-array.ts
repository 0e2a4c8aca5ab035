/**
 * ONNX Runtime's JavaScript side turns 16-bit words into a `Float16Array` wherever the language has one, which its
 * native side (1.30) then reads as empty: `not enough space: expected 8, got 0`. Without the global it keeps the words.
 * It looks once, at the first tensor; this process has no other use for the type.
 */
export function hideFloat16Array(): void {
  Reflect.deleteProperty(globalThis, "Float16Array");
}
