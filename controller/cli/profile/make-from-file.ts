import { ertBootstrap } from "../../src/domain/drift/calibration/calibrate-threshold.ts";
import {
  type CalibrationWish,
  type MadeProfile,
  makeProfile,
} from "../../src/domain/profile/make-profile.ts";
import type { ClassifiedRows } from "../../src/domain/profile/output-reference.ts";
import { collectTable } from "./collect-table.ts";
import type { ColumnUse, TablePlan } from "./column-use.ts";
import { openTable } from "./open-table.ts";
import { planTable } from "./plan-table.ts";
import type { ProfileConfig } from "./profile-config.ts";
import type { CellRules } from "./read-cell.ts";
import { tableReference } from "./reference-rows.ts";
import { scanTable } from "./scan-table.ts";

export const profileDefaults = {
  windowItems: 500,
  seed: 1,
  quantile: 0.999,
  replicates: 10_000,
} as const;

export interface FileProfile extends MadeProfile {
  /** What became of each column, after a look at all values. */
  readonly plan: TablePlan;
  /** Classes whose order is that of the alphabet, because nobody said that of the model. */
  readonly guessedClasses: readonly string[];
}

export interface MakeFromFileOptions {
  readonly path: string;
  readonly config: ProfileConfig;
  /** How much is read at once. */
  readonly chunkBytes?: number | undefined;
  readonly onProgress: (done: { readonly bytes: number; readonly of: number }) => void;
}

/**
 * The profile of a file of rows, which is read twice: to see what its columns are, and for their values.
 *
 * @throws CliError USAGE and FILE naming what is wrong and where
 */
export async function makeFromFile(options: MakeFromFileOptions): Promise<FileProfile> {
  const { path, config, chunkBytes, onProgress } = options;
  const table = await openTable(path, { delimiter: config.delimiter, chunkBytes });
  const of = 2 * table.sizeBytes;
  const rules: CellRules = { missing: new Set(config.missing), isTyped: table.isTyped };
  const scan = await scanTable(table, rules, (bytes) => onProgress({ bytes, of }));
  const plan = planTable(table, scan, config);
  const { seed = profileDefaults.seed, elementType = "float32" } = config;
  const collected = await collectTable(table, {
    ...{ plan, rules, seed, elementType, rows: scan.rows },
    onBytes: (bytes) => onProgress({ bytes: table.sizeBytes + bytes, of }),
  });
  const { reference, freeTexts } = tableReference({ path, rows: scan.rows }, collected, config);
  const { windowItems = profileDefaults.windowItems } = config;
  const made = makeProfile(reference, { windowItems, calibration: calibrationOf(config) });
  return {
    ...made,
    plan: withoutFreeTexts(plan, freeTexts),
    guessedClasses: config.output?.classes === undefined ? namedClasses(reference.outputs) : [],
  };
}

/** Whole numbers are places of the output by themselves, names are not. */
function namedClasses([output]: readonly ClassifiedRows[]): readonly string[] {
  return output?.classes.some((name) => !/^\d+$/.test(name)) === true ? output.classes : [];
}

/** Chosen for the windows between two false alarms, quantile and replicates follow from that (`ertBootstrap`). */
function calibrationOf(config: ProfileConfig): CalibrationWish {
  const { seed = profileDefaults.seed, blockItems, ertWindows } = config;
  const { quantile = profileDefaults.quantile, replicates = profileDefaults.replicates } = config;
  if (ertWindows === undefined) return { seed, blockItems, quantile, replicates };
  const drawn = ertBootstrap(ertWindows, { seed, windowItems: 1, blockItems: 1 });
  return { ertWindows, seed, blockItems, quantile: drawn.quantile, replicates: drawn.replicates };
}

function withoutFreeTexts(plan: TablePlan, freeTexts: ReadonlySet<ColumnUse>): TablePlan {
  const why = "names or free text: few of its words come again";
  const uses = plan.uses.map(
    (use): ColumnUse => (freeTexts.has(use) ? { use: "left out", why } : use),
  );
  return { ...plan, uses };
}
