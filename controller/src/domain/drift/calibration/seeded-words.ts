/**
 * Numbers that look random and are the same for the same seed: the 32-bit words of sfc32.
 *
 * @param seed 32 bits
 * @see Doty-Humphrey 2014, PractRand: sfc32
 */
export function seededWords(seed: number): () => number {
  let [a, b, c, counter] = [0, seed | 0, 0x9e37_79b9 | 0, 1];
  const next = () => {
    const word = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + word;
    return word >>> 0;
  };
  // The first words still show the seed.
  for (let i = 0; i < 12; i++) next();
  return next;
}
