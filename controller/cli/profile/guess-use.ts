import type { ColumnScan } from "./column-scan.ts";
import type { CategoricalUse, ColumnUse, ElementPlace, NumericUse } from "./column-use.ts";
import { fileFault, quoted } from "./file-fault.ts";
import type { ColumnConfig, ProfileConfig } from "./profile-config.ts";

/** Whole numbers of at most so many values are categories (telemetry.md 1.1). */
const DISCRETE_MAX = 20;
/** A column that is numbers but for less than this is taken for one of numbers with faults. */
const TEXT_SHARE_MAX = 0.1;
const TENSOR = "x";

export interface ColumnFacts {
  readonly path: string;
  readonly unit: "line" | "row";
  readonly name: string;
  readonly scan: ColumnScan;
  readonly config: ProfileConfig;
  /** Elements of the common tensor that are taken. */
  readonly position: number;
}

export interface Guess {
  readonly use: ColumnUse;
  /** Whether it is an element of the common tensor. */
  readonly takesPosition: boolean;
}

/**
 * What becomes of a column that nothing else is known of: numbers are elements of one tensor in the order of the file,
 * texts have a tensor each, by their name.
 *
 * @throws CliError FILE at a text among numbers, or values that cannot be what the config says
 */
export function guessUse(facts: ColumnFacts): Guess {
  const { scan } = facts;
  const told: ColumnConfig = facts.config.columns?.[facts.name] ?? {};
  if (told.type === "outside") return outside("outside of the model, says the config");
  if (scan.lists > 0) return outside("lists: name it with --embedding");
  if (scan.times > 0) return outside("times: name it with --time-column");
  if (isText(facts, told)) return { use: categorical(facts, told, null), takesPosition: false };
  return { use: ofNumbers(facts, told), takesPosition: told.tensor === undefined };
}

function outside(why: string): Guess {
  return { use: { use: "left out", why }, takesPosition: false };
}

/** @throws CliError FILE at the first text of a column of numbers */
function isText({ path, unit, name, scan }: ColumnFacts, told: ColumnConfig): boolean {
  const { firstText, texts, filled } = scan;
  if (firstText === null) return false;
  const isFault = texts < TEXT_SHARE_MAX * filled && told.type !== "categorical";
  const isTold = told.type === "numeric" || told.quantiles === true;
  if (!isFault && !isTold) return true;
  const where = { path, [unit]: firstText.at, column: name };
  const way = "mend it, list it under missing in the config, or say type: categorical there";
  throw fileFault(where, `expected a number, got ${quoted(firstText.text)}: ${way}`);
}

function ofNumbers(facts: ColumnFacts, told: ColumnConfig): ColumnUse {
  const { scan, config } = facts;
  const elementType = told.elementType ?? config.elementType ?? "float32";
  if (told.type === "unwatched") return { use: "left out", why: "unwatched, says the config" };
  if (scan.filled === 0) return { use: "left out", why: "no row has a value" };
  const isDiscrete = scan.isWhole && scan.distinct.size <= DISCRETE_MAX && told.quantiles !== true;
  const type = told.type ?? (isDiscrete ? "categorical" : "numeric");
  if (type === "categorical") return categorical(facts, told, elementType);
  return numeric(facts, told, elementType);
}

function categorical(
  facts: ColumnFacts,
  told: ColumnConfig,
  elementType: CategoricalUse["elementType"],
): CategoricalUse {
  return {
    use: "categorical",
    name: told.name ?? facts.name,
    source: elementType === null ? { tensor: told.tensor ?? facts.name } : elementOf(facts, told),
    elementType,
    vocabulary: told.vocabulary,
    isTold: told.type === "categorical",
  };
}

/** A number of the common tensor, or of the tensor that the config says. */
function numeric(
  facts: ColumnFacts,
  told: ColumnConfig,
  elementType: NumericUse["elementType"],
): NumericUse {
  return {
    use: "numeric",
    name: told.name ?? facts.name,
    source: elementOf(facts, told),
    elementType,
    quantiles: told.quantiles,
  };
}

function elementOf({ config, position }: ColumnFacts, told: ColumnConfig): ElementPlace {
  if (told.tensor !== undefined) return { tensor: told.tensor, index: told.index };
  return { tensor: config.tensor ?? TENSOR, index: told.index ?? position };
}
