/**
 * How many different texts there were, in 64 registers of 6 bits: a standard error of 13 %. It tells how many, never
 * which. Registers merge by their maximum, so any order and grouping gives the same bytes.
 *
 * @see Flajolet et al. 2007, HyperLogLog; small counts by linear counting (Whang et al. 1990)
 */
export type DistinctRegisters = Uint8Array;

/** p = 6. `rankMax`: of a hash of 64 bits, of which 6 choose the register. */
export const distinctLimits = { registers: 64, packedBytes: 48, rankMax: 59 } as const;

const { registers: REGISTERS, packedBytes, rankMax } = distinctLimits;
// α of 64 registers.
const ALPHA = 0.709;

/** Of nothing. */
export function createDistinct(): DistinctRegisters {
  return new Uint8Array(REGISTERS);
}

/** The same text again changes nothing. */
export function addDistinct(registers: DistinctRegisters, text: string): void {
  const high = hash(text, 0x9747_b28c);
  const low = hash(text, 0x3c6e_f372);
  const register = high >>> 26;
  // The 58 bits behind the 6 that chose the register: 26 and 32.
  const rest = high << 6;
  const zeros = rest === 0 ? 26 + Math.clz32(low) : Math.clz32(rest);
  registers[register] = Math.max(registers[register] ?? 0, zeros + 1);
}

/** The larger of each register goes into `into`. */
export function mergeDistinct(into: DistinctRegisters, other: DistinctRegisters): void {
  for (const [i, rank] of other.entries()) into[i] = Math.max(into[i] ?? 0, rank);
}

/** Different texts, about. 0 for none. */
export function distinctEstimate(registers: DistinctRegisters): number {
  let sum = 0;
  let empty = 0;
  for (const rank of registers) {
    sum += 2 ** -rank;
    if (rank === 0) empty += 1;
  }
  const raw = (ALPHA * REGISTERS ** 2) / sum;
  return raw <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : raw;
}

/** As it travels: 48 bytes, 4 registers in 3 of them; no bytes for nothing. */
export function packDistinct(registers: DistinctRegisters): Uint8Array {
  if (registers.every((rank) => rank === 0)) return new Uint8Array(0);
  const packed = new Uint8Array(packedBytes);
  for (let i = 0; i < REGISTERS; i += 1) {
    const bit = 6 * i;
    const shifted = (registers[i] ?? 0) << (10 - (bit & 7));
    packed[bit >> 3] = (packed[bit >> 3] ?? 0) | (shifted >> 8);
    if ((bit & 7) > 2) packed[(bit >> 3) + 1] = shifted & 0xff;
  }
  return packed;
}

/** @returns undefined when the bytes are not those of registers */
export function unpackDistinct(packed: Uint8Array): DistinctRegisters | undefined {
  const registers = createDistinct();
  if (packed.length === 0) return registers;
  if (packed.length !== packedBytes) return undefined;
  for (let i = 0; i < REGISTERS; i += 1) {
    const bit = 6 * i;
    const two = ((packed[bit >> 3] ?? 0) << 8) | (packed[(bit >> 3) + 1] ?? 0);
    const rank = (two >> (10 - (bit & 7))) & 0x3f;
    if (rank > rankMax) return undefined;
    registers[i] = rank;
  }
  return registers;
}

/** MurmurHash3 (x86, 32 bits) over the UTF-16 code units of a text, one a block. */
function hash(text: string, seed: number): number {
  let bits = seed;
  for (let i = 0; i < text.length; i += 1) {
    let block = Math.imul(text.charCodeAt(i), 0xcc9e_2d51);
    block = Math.imul((block << 15) | (block >>> 17), 0x1b87_3593);
    bits ^= block;
    bits = (Math.imul((bits << 13) | (bits >>> 19), 5) + 0xe654_6b64) | 0;
  }
  bits ^= text.length;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
