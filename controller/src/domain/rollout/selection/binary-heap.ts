/** A queue whose first member is always the least one. */
export class BinaryHeap<T> {
  readonly #members: T[] = [];
  readonly #compare: (left: T, right: T) => number;

  constructor(compare: (left: T, right: T) => number) {
    this.#compare = compare;
  }

  push(member: T): void {
    const members = this.#members;
    members.push(member);
    let at = members.length - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(at, above)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  /** Takes the least member out. */
  pop(): T | undefined {
    const members = this.#members;
    const first = members[0];
    const last = members.pop();
    if (members.length === 0 || last === undefined) return first;
    members[0] = last;
    let at = 0;
    for (let least = this.#leastOf(at); least !== at; least = this.#leastOf(at)) {
      this.#swap(at, least);
      at = least;
    }
    return first;
  }

  #leastOf(at: number): number {
    let least = at;
    for (const below of [2 * at + 1, 2 * at + 2]) {
      if (below < this.#members.length && this.#isBefore(below, least)) least = below;
    }
    return least;
  }

  #isBefore(left: number, right: number): boolean {
    const [a, b] = [this.#members[left], this.#members[right]];
    return a !== undefined && b !== undefined && this.#compare(a, b) < 0;
  }

  #swap(left: number, right: number): void {
    const [a, b] = [this.#members[left], this.#members[right]];
    if (a === undefined || b === undefined) return;
    this.#members[left] = b;
    this.#members[right] = a;
  }
}
