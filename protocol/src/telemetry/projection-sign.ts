/**
 * Sign of one element in one random projection: both a device and whoever makes its reference compute the same.
 *
 * @param seed of the profile's feature, 32 bits
 * @param projection `index` of the feature's source
 * @param element of the item, from 0
 * @see Achlioptas 2003, Database-friendly random projections; the mixing is MurmurHash3's finalizer
 */
export function projectionSign(seed: number, projection: number, element: number): 1 | -1 {
  const mixed = mix(mix(mix(seed) ^ projection) ^ element);
  return (mixed & 1) === 0 ? 1 : -1;
}

function mix(value: number): number {
  let bits = (value + 0x9e37_79b9) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}
