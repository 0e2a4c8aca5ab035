import type { AckMessage, DeviceId } from "@modelfleet/protocol";

type Stream = AckMessage["stream"];
const streams: readonly Stream[] = ["report", "tele"];

/** Place of a message in its stream: the start of the agent, and a number from 0 within it. */
export interface Place {
  readonly boot: number;
  readonly seq: number;
}

/** What its device says of the first one of a boot: the last of an earlier boot that was owed when it was written. */
export interface ChainedPlace extends Place {
  readonly behind?: Place | undefined;
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
  /** Rule 5: nothing is missing from here to `committed`. */
  runFrom: Place;
  /** Messages since the last noted one whose place nobody could tell. */
  unplaced: number;
  /** A message that could not be stored: nothing at or after it may be acknowledged. */
  hole: Place | undefined;
}

/** Of a stream of which nothing was heard. */
const NOTHING: Place = { boot: -1, seq: -1 };

/** Whether `left` comes after `right`. */
export function isAfter(left: Place, right: Place): boolean {
  return left.boot > right.boot || (left.boot === right.boot && left.seq > right.seq);
}

export interface AckLedgerOptions {
  readonly everyMs: number;
  readonly everyItems: number;
  /** Rule 5. */
  readonly tellsRuns?: boolean;
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
 * 5. Where messages may be lost on their way (protocol.md 3.10), an ack says from where on nothing is missing. A place that
 *    does not follow on the one before begins a new run, also the first one of another boot: how far the boot before went
 *    nobody knows. One without a readable place counts as the one that was expected.
 * 6. A device that connects anew says where its reports begin: what comes behind that one while it is missing comes after
 *    a gap, and so does the first one of a boot that names one before it which has not come.
 */
export class AckLedger {
  readonly #everyMs: number;
  readonly #everyItems: number;
  readonly #entries = new Map<string, Entry>();
  /** Those with an ack that is owed: of a hundred thousand devices, the few that have just spoken. */
  readonly #owing = new Set<Entry>();
  readonly #tellsRuns: boolean;
  /** Of runs that are over. */
  #ended: DueAck[] = [];

  constructor({ everyMs, everyItems, tellsRuns = false }: AckLedgerOptions) {
    this.#everyMs = everyMs;
    this.#everyItems = everyItems;
    this.#tellsRuns = tellsRuns;
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
    if (this.#tellsRuns && !continues(entry, place)) this.#beginRun(entry, place);
    entry.unplaced = 0;
    if (entry.items === 0) entry.firstAtMs = at.nowMs;
    entry.items += 1;
    this.#owing.add(entry);
    if (isAfter(place, entry.committed)) entry.committed = place;
    return entry.items >= this.#everyItems ? this.#take(entry) : undefined;
  }

  /** A message came that is not to be taken again, and whose place nobody could tell. */
  unplaced(device: DeviceId, stream: Stream): void {
    this.#entry(device, stream).unplaced += 1;
  }

  /** Rules 5 and 6: whether messages are missing between the last one and this. Of a device not heard of, nobody knows. */
  isAfterGap(device: DeviceId, stream: Stream, place: ChainedPlace): boolean {
    const entry = this.#entry(device, stream);
    const { committed, unplaced } = entry;
    if (!this.#tellsRuns || committed === NOTHING || !isAfter(place, committed)) return false;
    if (place.boot === committed.boot) return !continues(entry, place);
    const { boot, seq, behind } = place;
    const before = seq > 0 ? { boot, seq: seq - 1 } : behind;
    const last = { boot: committed.boot, seq: committed.seq + unplaced };
    return before !== undefined && isAfter(before, last);
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
    const due = [...this.#owing].filter(({ firstAtMs }) => nowMs - firstAtMs >= this.#everyMs);
    return [...this.#takeEnded(), ...due.map((entry) => this.#take(entry))];
  }

  /** Everything that is owed, due or not; before the controller stops. */
  flush(): readonly DueAck[] {
    return [...this.#takeEnded(), ...[...this.#owing].map((entry) => this.#take(entry))];
  }

  /** The device has connected anew: it sends everything again that was not acknowledged, of its reports from `owed` on. */
  forget(device: DeviceId, owed?: Place): void {
    this.#ended = this.#ended.filter((ack) => ack.device !== device);
    for (const stream of streams) {
      const key = `${device} ${stream}`;
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      this.#owing.delete(entry);
      this.#entries.delete(key);
    }
    if (owed === undefined || !this.#tellsRuns) return;
    const reports = this.#entry(device, "report");
    reports.runFrom = owed;
    reports.committed = { boot: owed.boot, seq: owed.seq - 1 };
  }

  #entry(device: DeviceId, stream: Stream): Entry {
    const key = `${device} ${stream}`;
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = {
      device,
      stream,
      committed: NOTHING,
      items: 0,
      firstAtMs: 0,
      runFrom: NOTHING,
      unplaced: 0,
      hole: undefined,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  /** What was committed of the run before is acknowledged for itself. */
  #beginRun(entry: Entry, place: Place): void {
    if (entry.items > 0) this.#ended.push(this.#take(entry));
    const seq = place.seq - Math.min(place.seq, entry.unplaced);
    entry.runFrom = { boot: place.boot, seq };
    entry.committed = place;
  }

  #takeEnded(): readonly DueAck[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  #take(entry: Entry): DueAck {
    entry.items = 0;
    this.#owing.delete(entry);
    const { device, stream, committed, runFrom } = entry;
    const run = this.#tellsRuns ? { from: runFrom } : {};
    return { device, message: { v: 1, stream, ...committed, ...run } };
  }
}

/** Whether nothing can be missing between what is noted of this run and this place. */
function continues({ runFrom, committed, unplaced }: Entry, place: Place): boolean {
  if (!isAfter(place, committed)) return !isAfter(runFrom, place);
  if (place.boot === committed.boot) return place.seq <= committed.seq + 1 + unplaced;
  return false;
}
