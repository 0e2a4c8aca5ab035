/** What a disk writes whole or not at all. */
export const sectorBytes = 512;
/** Up to so many changed sectors every set of them is tried. */
const exhaustiveSectorsMax = 4;
/** Of more, so many lengths at which the write may have been cut off. */
const cutsMax = 8;

/**
 * Everything a file may hold after a power cut, when `steps` were written since the last fsync: its durable content, what
 * each step made of it, sectors of 512 bytes written in any order, and a new size with zeros where no data came.
 *
 * Every set of sectors is tried when at most 4 changed. Of more: up to 8 lengths at which the write was cut off, each
 * sector missing alone, each sector written alone (8 of each, spread over the file).
 */
export function tornContents(durable: Uint8Array, steps: readonly Uint8Array[]): Uint8Array[] {
  const last = steps.at(-1);
  if (last === undefined) return [durable];
  const found = new Map<string, Uint8Array>();
  const add = (content: Uint8Array) => found.set(keyOf(content), content);
  add(durable);
  for (const step of steps) add(step);
  for (const written of sectorSets(changedSectors(durable, last))) {
    add(mixed(durable, last, written));
    // The size did not make it either: the file ends with the last sector that came.
    if (last.length > durable.length) add(cut(mixed(durable, last, written), durable, written));
  }
  return [...found.values()];
}

function changedSectors(durable: Uint8Array, last: Uint8Array): number[] {
  const sectors: number[] = [];
  for (let sector = 0; sector * sectorBytes < last.length; sector += 1) {
    const [from, to] = [sector * sectorBytes, (sector + 1) * sectorBytes];
    const [old, now] = [durable.subarray(from, to), last.subarray(from, to)];
    if (Buffer.compare(old, now) !== 0) sectors.push(sector);
  }
  return sectors;
}

function sectorSets(sectors: readonly number[]): ReadonlySet<number>[] {
  if (sectors.length <= exhaustiveSectorsMax) {
    return Array.from(
      { length: 2 ** sectors.length },
      (_, mask) => new Set(sectors.filter((_sector, index) => (mask >> index) % 2 === 1)),
    );
  }
  const some = spread(sectors);
  return [
    ...some.map((end) => new Set(sectors.filter((sector) => sector < end))),
    ...some.map((one) => new Set(sectors.filter((sector) => sector !== one))),
    ...some.map((one) => new Set([one])),
  ];
}

function spread(sectors: readonly number[]): number[] {
  const stride = Math.max(1, (sectors.length - 1) / (cutsMax - 1));
  const places = Array.from({ length: Math.min(cutsMax, sectors.length) }, (_, i) => i * stride);
  return places.map((place) => sectors[Math.round(place)] ?? 0);
}

function mixed(durable: Uint8Array, last: Uint8Array, written: ReadonlySet<number>): Uint8Array {
  const content = new Uint8Array(last.length);
  content.set(durable.subarray(0, last.length));
  for (const sector of written) {
    const from = sector * sectorBytes;
    content.set(last.subarray(from, from + sectorBytes), from);
  }
  return content;
}

function cut(content: Uint8Array, durable: Uint8Array, written: ReadonlySet<number>): Uint8Array {
  const end = (Math.max(-1, ...written) + 1) * sectorBytes;
  return content.subarray(0, Math.max(durable.length, end));
}

function keyOf(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.length).toString("latin1");
}
