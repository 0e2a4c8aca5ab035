import { seededRandom } from "./random.ts";

export const SAMPLE_RATE_HZ = 16_000;
/** 32 ms of sound, which each frame brings anew. */
const HOP_SAMPLES = 512;
/** The end of the frame before, which `v5` and `v6` want in front of it. */
const CONTEXT_SAMPLES = 64;
export const FRAME_SAMPLES = CONTEXT_SAMPLES + HOP_SAMPLES;

export type Sound = {
  readonly kind: "voice" | "noise";
  readonly frames: number;
  readonly seed: number;
};

/**
 * Frames of a made-up sound at 16 kHz, six decimals, always the same for the same argument.
 *
 * `voice` is a gliding buzz of harmonics under three formants in syllables of a quarter of a second, as the source and
 * filter of a vowel have it (Fant 1960); `noise` is white and faint.
 */
export function sileroFrames({ kind, frames, seed }: Sound): Float32Array[] {
  const length = frames * HOP_SAMPLES;
  const samples = kind === "voice" ? vowels(length, seed) : hiss(length, seed);
  const padded = new Float32Array(CONTEXT_SAMPLES + length);
  padded.set(samples.map(sixDecimals), CONTEXT_SAMPLES);
  return Array.from({ length: frames }, (_, i) =>
    padded.slice(i * HOP_SAMPLES, i * HOP_SAMPLES + FRAME_SAMPLES),
  );
}

/** The first three formants of the vowels of father, see, boot and bed (Peterson and Barney 1952, men). */
const VOWELS_HZ = [
  [730, 1_090, 2_440],
  [270, 2_290, 3_010],
  [300, 870, 2_240],
  [530, 1_840, 2_480],
] as const;
const SYLLABLES_PER_SECOND = 4;
const HARMONICS = 30;

function vowels(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  let phase = random.next();
  return Float32Array.from({ length }, (_, i) => {
    const syllable = (i / SAMPLE_RATE_HZ) * SYLLABLES_PER_SECOND;
    const pitchHz = 130 + 25 * Math.sin(1.1 * syllable);
    phase += pitchHz / SAMPLE_RATE_HZ;
    const loudness = 0.02 + 0.98 * Math.sin(Math.PI * syllable) ** 2;
    return 0.15 * loudness * buzz(phase, pitchHz, formantsAt(syllable)) + 0.001 * random.normal();
  });
}

/** The mouth is on its way from one vowel to the next all the time. */
function formantsAt(syllable: number): readonly number[] {
  const from = VOWELS_HZ[Math.floor(syllable) % VOWELS_HZ.length] ?? VOWELS_HZ[0];
  const to = VOWELS_HZ[Math.floor(syllable + 1) % VOWELS_HZ.length] ?? VOWELS_HZ[0];
  const way = syllable % 1;
  return from.map((hz, formant) => hz + way * ((to[formant] ?? hz) - hz));
}

function buzz(phase: number, pitchHz: number, formantsHz: readonly number[]): number {
  let sum = 0;
  for (let harmonic = 1; harmonic <= HARMONICS; harmonic++) {
    const hz = harmonic * pitchHz;
    const gain = formantsHz.reduce((loud, peak) => loud + 1 / (1 + ((hz - peak) / 90) ** 2), 0.05);
    sum += (gain / Math.sqrt(harmonic)) * Math.sin(2 * Math.PI * harmonic * phase);
  }
  return sum;
}

function hiss(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => 0.01 * random.normal());
}

/** Values a float32 holds and JSON carries unchanged, in few characters. */
export function sixDecimals(value: number): number {
  return Number(value.toFixed(6));
}
