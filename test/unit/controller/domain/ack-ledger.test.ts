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
