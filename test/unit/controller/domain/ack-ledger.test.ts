import { DeviceId } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { AckLedger } from "../../../../controller/src/domain/ingest/ack-ledger.ts";

const device = DeviceId.parse("cam-0017");
const other = DeviceId.parse("cam-0018");
const newLedger = () => new AckLedger({ everyMs: 1_000, everyItems: 3 });
const at = (seq: number, nowMs = 0) => ({ boot: 1, seq, nowMs });
const ack = (seq: number) => ({ device, message: { v: 1, stream: "report", boot: 1, seq } });

describe("when an ack is due", () => {
  test("it waits until a second after the first message it covers", () => {
    const ledger = newLedger();

    expect(ledger.note(device, "report", at(0, 500))).toBeUndefined();
    expect(ledger.note(device, "report", at(1, 900))).toBeUndefined();

    expect(ledger.due(1_499)).toEqual([]);
    expect(ledger.due(1_500)).toEqual([ack(1)]);
  });

  test("it is due at once with the last message of a full bundle", () => {
    const ledger = newLedger();

    expect(ledger.note(device, "report", at(0))).toBeUndefined();
    expect(ledger.note(device, "report", at(1))).toBeUndefined();
    expect(ledger.note(device, "report", at(2))).toEqual(ack(2));

    expect(ledger.due(5_000)).toEqual([]);
  });

  test("each device and each stream has its own", () => {
    const ledger = newLedger();

    ledger.note(device, "report", at(4));
    ledger.note(device, "tele", at(9));
    ledger.note(other, "report", at(1));

    expect(ledger.due(1_000)).toHaveLength(3);
  });

  test("what is owed at the end is given at once", () => {
    const ledger = newLedger();
    ledger.note(device, "report", at(0));

    expect(ledger.flush()).toEqual([ack(0)]);
    expect(ledger.flush()).toEqual([]);
  });
});

describe("what an ack says", () => {
  test("a duplicate is answered by everything committed since", () => {
    const ledger = newLedger();
    ledger.note(device, "report", at(7));
    ledger.due(1_000);

    ledger.note(device, "report", at(2, 2_000));

    expect(ledger.due(3_000)).toEqual([ack(7)]);
  });

  test("a new boot comes after every sequence of the old one", () => {
    const ledger = newLedger();
    ledger.note(device, "report", at(7));
    ledger.note(device, "report", { boot: 2, seq: 0, nowMs: 0 });

    expect(ledger.flush()[0]?.message).toEqual({ v: 1, stream: "report", boot: 2, seq: 0 });
  });
});

describe("a message that could not be stored", () => {
  test("no ack passes it", () => {
    const ledger = newLedger();
    ledger.note(device, "report", at(3));
    ledger.fail(device, "report", { boot: 1, seq: 4 });

    ledger.note(device, "report", at(5));

    expect(ledger.flush()).toEqual([ack(3)]);
    expect(ledger.flush()).toEqual([]);
  });

  test("stored at last, it opens the way for those after it", () => {
    const ledger = newLedger();
    ledger.fail(device, "report", { boot: 1, seq: 4 });
    ledger.note(device, "report", at(5));

    ledger.note(device, "report", at(4));
    ledger.note(device, "report", at(5));

    expect(ledger.flush()).toEqual([ack(5)]);
  });

  test("of two failures the earlier one counts", () => {
    const ledger = newLedger();
    ledger.fail(device, "report", { boot: 1, seq: 4 });
    ledger.fail(device, "report", { boot: 1, seq: 6 });

    ledger.note(device, "report", at(5));

    expect(ledger.flush()).toEqual([]);
  });

  test("a device that has connected anew starts with a clean sheet", () => {
    const ledger = newLedger();
    ledger.fail(device, "report", { boot: 1, seq: 4 });

    ledger.forget(device);
    ledger.note(device, "report", at(5));

    expect(ledger.flush()).toEqual([ack(5)]);
  });
});

const lossy = () => new AckLedger({ everyMs: 1_000, everyItems: 100, tellsRuns: true });
const noteAll = (ledger: AckLedger, places: readonly (readonly [number, number])[]) => {
  for (const [boot, seq] of places) ledger.note(device, "tele", { boot, seq, nowMs: 0 });
};

describe("where a broker may lose what it has acknowledged", () => {
  const run = (from: readonly [number, number], to: readonly [number, number]) => ({
    device,
    message: {
      ...{ v: 1, stream: "tele", boot: to[0], seq: to[1] },
      from: { boot: from[0], seq: from[1] },
    },
  });

  test("an ack covers what came without a gap, and nothing before or between", () => {
    const ledger = lossy();

    noteAll(ledger, [
      [1, 4],
      [1, 5],
      [1, 8],
      [1, 9],
    ]);

    expect(ledger.due(1_000)).toEqual([run([1, 4], [1, 5]), run([1, 8], [1, 9])]);
  });

  test("what was missing is a run of its own when it comes, and so is what follows it", () => {
    const ledger = lossy();

    noteAll(ledger, [
      [1, 8],
      [1, 6],
      [1, 7],
      [1, 9],
    ]);

    expect(ledger.due(1_000)).toEqual([
      run([1, 8], [1, 8]),
      run([1, 6], [1, 7]),
      run([1, 9], [1, 9]),
    ]);
  });

  test("an ack of another boot covers nothing of the boot before, whose end nobody knows", () => {
    const ledger = lossy();

    noteAll(ledger, [
      [1, 4],
      [2, 0],
      [2, 1],
    ]);

    expect(ledger.due(1_000)).toEqual([run([1, 4], [1, 4]), run([2, 0], [2, 1])]);
  });

  test("a run goes on over what was acknowledged of it and over what comes twice", () => {
    const ledger = lossy();
    noteAll(ledger, [
      [1, 4],
      [1, 5],
    ]);
    ledger.due(1_000);

    noteAll(ledger, [
      [1, 5],
      [1, 4],
      [1, 6],
    ]);

    expect(ledger.due(1_000)).toEqual([run([1, 4], [1, 6])]);
  });

  test.each([
    { unplaced: 1, from: [1, 4], next: 6, lost: false },
    { unplaced: 1, from: [1, 4], next: 7, lost: true },
    { unplaced: 2, from: [1, 4], next: 7, lost: false },
  ] as const)("$unplaced without a readable place stand for as many before $next", (made) => {
    const ledger = lossy();
    noteAll(ledger, [[1, 4]]);

    for (let count = 0; count < made.unplaced; count += 1) ledger.unplaced(device, "tele");
    expect(ledger.isAfterGap(device, "tele", { boot: 1, seq: made.next })).toBe(made.lost);
    noteAll(ledger, [[1, made.next]]);

    const whole = [run([1, 4], [1, made.next])];
    const broken = [run([1, 4], [1, 4]), run([1, made.next - made.unplaced], [1, made.next])];
    expect(ledger.due(1_000)).toEqual(made.lost ? broken : whole);
  });

  test("a new connection begins a new run, and what was owed before it is acknowledged by the repetition", () => {
    const ledger = lossy();
    noteAll(ledger, [
      [1, 4],
      [1, 8],
    ]);

    ledger.forget(device);
    expect(ledger.isAfterGap(device, "tele", { boot: 1, seq: 30 })).toBe(false);
    noteAll(ledger, [[1, 9]]);

    expect(ledger.due(1_000)).toEqual([run([1, 9], [1, 9])]);
  });

  test("of a stream whose next place is known, a later one comes after a gap", () => {
    const ledger = lossy();
    noteAll(ledger, [[1, 4]]);

    expect(ledger.isAfterGap(device, "tele", { boot: 1, seq: 5 })).toBe(false);
    expect(ledger.isAfterGap(device, "tele", { boot: 1, seq: 6 })).toBe(true);
    expect(ledger.isAfterGap(device, "tele", { boot: 1, seq: 3 })).toBe(false);
    expect(ledger.isAfterGap(device, "tele", { boot: 2, seq: 0 })).toBe(false);
    expect(ledger.isAfterGap(device, "tele", { boot: 2, seq: 1 })).toBe(true);
    expect(ledger.isAfterGap(other, "tele", { boot: 1, seq: 6 })).toBe(false);
  });
});

describe("where a device says how its reports follow one another", () => {
  test.each([
    { behind: { boot: 1, seq: 4 }, lost: false },
    { behind: { boot: 1, seq: 5 }, lost: true },
    { behind: { boot: 2, seq: 0 }, lost: true },
    { behind: undefined, lost: false },
  ])("the first one of a boot that names $behind comes after a gap: $lost", ({ behind, lost }) => {
    const ledger = lossy();
    noteAll(ledger, [[1, 4]]);

    expect(ledger.isAfterGap(device, "tele", { boot: 3, seq: 0, behind })).toBe(lost);
  });

  test("one without a readable place at the end of a boot stands for the one that is named", () => {
    const ledger = lossy();
    noteAll(ledger, [[1, 4]]);

    ledger.unplaced(device, "tele");

    const first = { boot: 2, seq: 0, behind: { boot: 1, seq: 5 } };
    expect(ledger.isAfterGap(device, "tele", first)).toBe(false);
  });

  test("where a device that connects anew says its reports begin, its reports begin, and nothing else", () => {
    const ledger = lossy();

    ledger.forget(device, { boot: 1, seq: 4 });

    expect(ledger.isAfterGap(device, "report", { boot: 1, seq: 3 })).toBe(false);
    expect(ledger.isAfterGap(device, "report", { boot: 1, seq: 4 })).toBe(false);
    expect(ledger.isAfterGap(device, "report", { boot: 1, seq: 5 })).toBe(true);
    expect(ledger.isAfterGap(device, "tele", { boot: 1, seq: 5 })).toBe(false);
    expect(ledger.flush()).toEqual([]);
  });
});
