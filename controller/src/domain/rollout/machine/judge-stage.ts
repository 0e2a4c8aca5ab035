import type { StageFigures, StageThresholdsOf, StageVerdict } from "../stage.ts";

/** A stage as its thresholds see it. */
export interface JudgedStage {
  readonly figures: StageFigures;
  readonly thresholds: StageThresholdsOf;
  /** Failures that a person has acknowledged. */
  readonly acknowledged: number;
}

type Halt = Extract<StageVerdict, { kind: "halt" }>;

/**
 * Compares the figures of a stage with its thresholds (rollouts.md 3), in integers, so that no rounding decides. N is
 * what counts, of that are ok and bad decided. In this order:
 *
 * 1. Halt, where a failure has come that nobody has acknowledged: bad > errorsMax, or bad · 100 > errorPercent · N, or,
 *    once enough are decided, bad · 100 > fastErrorPercent · decided. Enough is `decidedMin`, or the whole stage
 *    with its stragglers where that is smaller.
 * 2. Halt likewise where success has become impossible: (N − bad) · 100 < successPercent · N.
 * 3. Empty: there was nobody to count. Stragglers are somebody.
 * 4. Quorum: ok · 100 ≥ successPercent · N, and enough are decided.
 * 5. Otherwise wait. That everything is decided is no reason to go on.
 */
export function judgeStage(stage: JudgedStage): StageVerdict {
  const { figures, thresholds, acknowledged } = stage;
  const { counted, deferred, ok, bad } = figures;
  const halt = bad > acknowledged ? (haltByErrors(stage) ?? haltBySuccess(stage)) : undefined;
  if (halt !== undefined) return halt;
  if (counted + deferred === 0) return { kind: "empty" };
  const isQuorum = ok * 100 >= thresholds.successPercent * counted;
  return { kind: isQuorum && isEnough(stage) ? "quorum" : "wait" };
}

/** Rule 1. */
function haltByErrors(stage: JudgedStage): Halt | undefined {
  const { counted, bad, decided } = stage.figures;
  const { errorsMax, errorPercent, fastErrorPercent } = stage.thresholds;
  if (errorsMax !== undefined && bad > errorsMax) {
    return halted("errorsMax", `${bad} of ${counted} devices failed, at most ${errorsMax} may`);
  }
  if (bad * 100 > errorPercent * counted) {
    const limit = `at most ${errorPercent} % may, which is ${portion(errorPercent, counted)}`;
    return halted("errorPercent", `${bad} of ${counted} devices failed, ${limit}`);
  }
  if (fastErrorPercent === undefined || !isEnough(stage)) return undefined;
  if (bad * 100 <= fastErrorPercent * decided) return undefined;
  const limit = `at most ${fastErrorPercent} % may, which is ${portion(fastErrorPercent, decided)}`;
  return halted("fastErrorPercent", `${bad} of the first ${decided} devices failed, ${limit}`);
}

/** Rule 2. */
function haltBySuccess({ figures: { counted, bad }, thresholds }: JudgedStage): Halt | undefined {
  const { successPercent } = thresholds;
  if ((counted - bad) * 100 >= successPercent * counted) return undefined;
  const needed = Math.ceil((successPercent * counted) / 100);
  return halted(
    "successPercent",
    `${bad} of ${counted} devices failed, so the ${successPercent} % that must succeed, which is ${needed}, cannot be reached`,
  );
}

function isEnough({ figures: { counted, deferred, decided }, thresholds }: JudgedStage): boolean {
  return decided >= Math.min(thresholds.decidedMin, counted + deferred);
}

/** The greatest whole number of devices that a share allows. */
function portion(percent: number, devices: number): number {
  return Math.floor((percent * devices) / 100);
}

function halted(by: Halt["by"], sentence: string): Halt {
  return { kind: "halt", by, sentence };
}
