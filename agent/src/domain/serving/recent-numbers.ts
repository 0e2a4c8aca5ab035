/** The latest numbers of a stream, in memory of fixed size. */
export interface RecentNumbers {
  readonly push: (value: number) => void;
  /** How many were ever pushed. */
  readonly count: () => number;
  /** Those that are kept, in their order, but that the newest may stand before the oldest; a copy. */
  readonly latest: () => Float64Array;
}

const FIRST_ROOM = 64;

/** @param keptMax a power of two of at least 64, so that the room can double up to it */
export function createRecentNumbers(keptMax: number): RecentNumbers {
  let room = new Float64Array(Math.min(FIRST_ROOM, keptMax));
  let count = 0;

  function push(value: number): void {
    if (count === room.length && room.length < keptMax) {
      const larger = new Float64Array(Math.min(room.length * 2, keptMax));
      larger.set(room);
      room = larger;
    }
    room[count % room.length] = value;
    count += 1;
  }

  return { push, count: () => count, latest: () => room.slice(0, Math.min(count, room.length)) };
}
