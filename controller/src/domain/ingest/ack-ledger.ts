import type { AckMessage, DeviceId } from "@modelfleet/protocol";

type Stream = AckMessage["stream"];
const streams: readonly Stream[] = ["report", "tele"];

/** Place of a message in its stream: the start of the agent, and a number from 0 within it. */
export interface Place {
  readonly boot: number;
  readonly seq: number;
}

/** An acknowledgement whose time has come, and whose it is. */
export interface DueAck {
  readonly device: DeviceId;
  readonly message: AckMessage;
}

interface Entry {
  readonly device: DeviceId;
  readonly stream: Stream;
  committed: Place;
  /** Messages noted since the last ack. */
  items: number;
  firstAtMs: number;
  /** A message that could not be stored: nothing at or after it may be acknowledged. */
  hole: Place | undefined;
}

/** Whether `left` comes after `right`. */
export function isAfter(left: Place, right: Place): boolean {
  return left.boot > right.boot || (left.boot === right.boot && left.seq > right.seq);
}

/**
 * Which acknowledgements are due. Rules:
 *
 * 1. An ack is cumulative: (boot, seq) says that everything up to it is committed. The caller notes messages of one
 *    device in the order it received them.
 * 2. It is sent `everyItems` messages or `everyMs` after the first one it covers, whichever is first (mqtt.md 3).
 * 3. A message that could not be stored makes a hole: no ack reaches it until that message was stored, or until the
 *    device has connected anew (`forget`) and sends everything again that was not acknowledged, oldest first. Those
 *    behind it are not to be stored either: what is applied only if newer would then pass it over (`isBehindHole`).
 * 4. A duplicate is noted like a stored message: the device has not seen the ack.
 */
export class AckLedger {
  readonly #everyMs: number;
  readonly #everyItems: number;
  readonly #entries = new Map<string, Entry>();
  /** Those with an ack that is owed: of a hundred thousand devices, the few that have just spoken. */
  readonly #owing = new Set<Entry>();

  constructor(options: { readonly everyMs: number; readonly everyItems: number }) {
    this.#everyMs = options.everyMs;
    this.#everyItems = options.everyItems;
  }

  /** A message is committed (or is one of those that never can be). @returns the ack when it is due at once. */
  note(
    device: DeviceId,
    stream: Stream,
    at: Place & { readonly nowMs: number },
  ): DueAck | undefined {
    const place = { boot: at.boot, seq: at.seq };
    const entry = this.#entry(device, stream);
    if (entry.hole !== undefined && !isAfter(place, entry.hole)) entry.hole = undefined;
    if (entry.hole !== undefined) return undefined;
    if (entry.items === 0) entry.firstAtMs = at.nowMs;
    entry.items += 1;
    this.#owing.add(entry);
    if (isAfter(place, entry.committed)) entry.committed = place;
    return entry.items >= this.#everyItems ? this.#take(entry) : undefined;
  }

  /** A message could not be stored; it is expected again. */
  fail(device: DeviceId, stream: Stream, place: Place): void {
    const entry = this.#entry(device, stream);
    if (entry.hole === undefined || isAfter(entry.hole, place)) entry.hole = place;
  }

  /** Whether a message before this one is missing and expected again. */
  isBehindHole(device: DeviceId, stream: Stream, place: Place): boolean {
    const { hole } = this.#entry(device, stream);
    return hole !== undefined && isAfter(place, hole);
  }

  /** Acks whose time has come. */
  due(nowMs: number): readonly DueAck[] {
    return [...this.#owing]
      .filter(({ firstAtMs }) => nowMs - firstAtMs >= this.#everyMs)
      .map((entry) => this.#take(entry));
  }

  /** Everything that is owed, due or not; before the controller stops. */
  flush(): readonly DueAck[] {
    return [...this.#owing].map((entry) => this.#take(entry));
  }

  /** The device has connected anew: it sends everything again that was not acknowledged. */
  forget(device: DeviceId): void {
    for (const stream of streams) {
      const key = `${device} ${stream}`;
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      this.#owing.delete(entry);
      this.#entries.delete(key);
    }
  }

  #entry(device: DeviceId, stream: Stream): Entry {
    const key = `${device} ${stream}`;
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const nothing = { boot: -1, seq: -1 };
    const entry: Entry = {
      device,
      stream,
      committed: nothing,
      items: 0,
      firstAtMs: 0,
      hole: undefined,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #take(entry: Entry): DueAck {
    entry.items = 0;
    this.#owing.delete(entry);
    return { device: entry.device, message: { v: 1, stream: entry.stream, ...entry.committed } };
  }
}
