import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { decodeWindow } from "@modelfleet/protocol";
import { placeName, type TeleDevice } from "./tele-device.ts";

export interface StoredTelemetry {
  /** Every batch that is stored: device, era, boot and seq. */
  readonly batches: number;
  readonly violations: readonly string[];
}

interface WindowRow {
  readonly device: string;
  readonly era: number;
  readonly boot: number;
  readonly seq: number;
  readonly mark: number;
  readonly release8: string;
  readonly cell_ms: number;
  readonly bytes: Uint8Array;
  readonly dropped: number;
}

/**
 * What a controller that has been killed has in its database, held against what its devices made. Rules:
 *
 * 1. Of every (device, boot, seq) that was made there is one batch with its one window, with the content it was made
 *    with, and how many its device had dropped until then; one that was dropped may be missing. There is nothing else.
 * 2. What the controller counts as received of each start of a device is what is there, and the windows of a cell carry
 *    the numbers from 1 to as many as there are: whoever adds them up adds each of them once.
 */
export function heldAgainst(folder: string, devices: readonly TeleDevice[]): StoredTelemetry {
  const database = new DatabaseSync(join(folder, "controller.sqlite"), { readOnly: true });
  try {
    const rows = database
      .prepare(
        "select * from telemetry_windows join telemetry_batches using (device, era, boot, seq)",
      )
      .all() as unknown as readonly WindowRow[];
    const known = new Set<string>(devices.map(({ id }) => id));
    const ours = rows.filter(({ device }) => known.has(device));
    return {
      batches: ours.length,
      violations: [
        ...devices.flatMap((device) => ofDevice(database, device, ours)),
        ...ofCells(
          database,
          rows.filter(({ mark }) => mark > 0),
        ),
      ],
    };
  } finally {
    database.close();
  }
}

/**
 * The same for a real agent, which numbers its own batches: nothing is missing between those of one start, for its outbox
 * never was full, and it has told of no more requests than it was asked.
 */
export function agentHeldAgainst(folder: string, id: string, asked: number): readonly string[] {
  const database = new DatabaseSync(join(folder, "controller.sqlite"), { readOnly: true });
  try {
    const boots = database
      .prepare("select boot, seq_max + 1 as sent, received from telemetry_boots where device = ?")
      .all(id) as unknown as readonly BootRow[];
    const windows = database
      .prepare("select bytes from telemetry_windows where device = ?")
      .all(id) as unknown as readonly Pick<WindowRow, "bytes">[];
    const requests = windows.reduce((sum, { bytes }) => sum + decodeWindow(bytes).requests, 0);
    return [
      ...boots
        .filter(({ sent, received }) => sent !== received)
        .map((boot) => `${id} boot ${boot.boot}: ${boot.received} of ${boot.sent} batches`),
      ...(requests > 0 && requests <= asked ? [] : [`${id}: asked ${asked}, told ${requests}`]),
    ];
  } finally {
    database.close();
  }
}

interface BootRow {
  readonly boot: number;
  readonly sent: number;
  readonly received: number;
}

/** Rule 1. */
function ofDevice(
  database: DatabaseSync,
  device: TeleDevice,
  rows: readonly WindowRow[],
): readonly string[] {
  const violations: string[] = [];
  const expected = new Map(device.produced.map((made) => [placeName(made), made]));
  const dropped = new Set(device.droppedPlaces);
  const seen = new Set<string>();
  for (const row of rows.filter((one) => one.device === device.id)) {
    const place = placeName(row);
    const { requests } = decodeWindow(row.bytes);
    if (seen.has(place)) violations.push(`${device.id} ${place} is there twice`);
    const made = expected.get(place);
    if (made?.requests !== requests || made.dropped !== row.dropped) {
      const stored = { requests, dropped: row.dropped };
      violations.push(
        `${device.id} ${place}: made ${JSON.stringify(made)}, stored ${JSON.stringify(stored)}`,
      );
    }
    seen.add(place);
  }
  for (const place of expected.keys()) {
    if (!seen.has(place) && !dropped.has(place)) violations.push(`${device.id} ${place} is lost`);
  }
  const batches = ofOne(
    database,
    "select count(*) as n from telemetry_batches where device = ?",
    device.id,
  );
  if (batches !== seen.size)
    violations.push(`${device.id}: ${batches} batches, ${seen.size} windows`);
  const received = ofOne(
    database,
    "select coalesce(sum(received), 0) as n from telemetry_boots where device = ?",
    device.id,
  );
  if (received !== seen.size) {
    violations.push(`${device.id}: ${received} counted as received, ${seen.size} are there`);
  }
  return violations;
}

function ofOne(database: DatabaseSync, query: string, device: string): number {
  const row = database.prepare(query).get(device) as { readonly n: number } | undefined;
  return row?.n ?? 0;
}

/** Rule 2. */
function ofCells(database: DatabaseSync, rows: readonly WindowRow[]): readonly string[] {
  const violations: string[] = [];
  const marked = database.prepare("select release8, cell_ms, marked from drift_cells").all();
  const counts = new Map(
    (marked as unknown as readonly CellRow[]).map((cell) => [cellName(cell), cell.marked]),
  );
  const cells = Map.groupBy(rows, cellName);
  for (const [name, windows] of cells) {
    const numbers = new Set(windows.map(({ mark }) => mark));
    const whole = windows.every((_, index) => numbers.has(index + 1));
    if (!whole || counts.get(name) !== windows.length) {
      violations.push(`cell ${name}: ${windows.length} windows, ${counts.get(name)} counted`);
    }
  }
  return violations;
}

interface CellRow {
  readonly release8: string;
  readonly cell_ms: number;
  readonly marked: number;
}

function cellName({ release8, cell_ms }: Pick<CellRow, "release8" | "cell_ms">): string {
  return `${release8} ${cell_ms}`;
}
