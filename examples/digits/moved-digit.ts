import type { Random } from "../../test/support/random.ts";
import type { Digit } from "./dataset.ts";

const SIDE = 28;

/**
 * The digit moved by up to one pixel each way, ink over the edge lost. A network that never sees the same image
 * twice cannot learn them by heart, so that its confidence in training digits tells its confidence in new ones.
 */
export function movedDigit({ pixels, label }: Digit, random: Random): Digit {
  const right = random.below(3) - 1;
  const down = random.below(3) - 1;
  const moved = new Float32Array(pixels.length);
  for (let row = 0; row < SIDE; row++) {
    const from = row - down;
    if (from < 0 || from >= SIDE) continue;
    for (let column = Math.max(0, right); column < SIDE + Math.min(0, right); column++) {
      moved[row * SIDE + column] = pixels[from * SIDE + column - right] ?? 0;
    }
  }
  return { pixels: moved, label };
}
