import {
  checkAgainst,
  driftLimits,
  jsonPointer,
  profileLimits,
  quantileLimits,
  type SchemaFault,
  telemetryLimits,
} from "@modelfleet/protocol";
import * as z from "zod";
import { CliError } from "../cli-error.ts";
import { plainYaml, YamlFault } from "../plan-yaml.ts";
import { readSmallFile } from "../read-small-file.ts";

const Name = z.string().min(1).max(64);
const TensorName = z.string().min(1).max(256);
const ColumnName = z.string().min(1).max(256);
const ElementType = z.enum(["float32", "float64", "int64"]);
const Word = z.string().max(profileLimits.wordLengthMax);
const VocabularyWord = Word.refine((word) => word.trim() !== "", "expected a word, got no text");

/** What one column is, where it is not what one would guess. */
const ColumnConfig = z
  .strictObject({
    /** unwatched: an element of the tensor that nobody looks at. outside: the model never sees it. */
    type: z.enum(["numeric", "categorical", "unwatched", "outside"]).optional(),
    name: Name.optional(),
    tensor: TensorName.optional(),
    index: z.int().min(0).optional(),
    elementType: ElementType.optional(),
    vocabulary: z.array(VocabularyWord).min(1).max(telemetryLimits.vocabularyMax).optional(),
    /** Devices tell its quantiles too, and with them some of its values. */
    quantiles: z.boolean().optional(),
  })
  .refine(
    ({ quantiles, type = "numeric" }) => quantiles !== true || type === "numeric",
    "expected quantiles of a numeric column",
  );
export type ColumnConfig = z.infer<typeof ColumnConfig>;

const EmbeddingConfig = z.strictObject({
  tensor: TensorName.optional(),
  projections: z.int().min(1).max(profileLimits.projectionsMax).optional(),
  elementType: ElementType.optional(),
});
export type EmbeddingConfig = z.infer<typeof EmbeddingConfig>;

const OutputConfig = z.strictObject({
  name: Name.optional(),
  tensor: TensorName.optional(),
  /** In the order of the output's values. */
  classes: z.array(Word).min(2).max(telemetryLimits.classesMax).optional(),
});

/** `profile.yaml`: what a file of rows means (docs/profile.md). */
export const ProfileConfig = z.strictObject({
  windowItems: z
    .int()
    .min(profileLimits.windowItemsMin)
    .max(profileLimits.windowItemsMax)
    .optional(),
  seed: z.int().min(0).max(0xffff_ffff).optional(),
  blockItems: z.int().min(1).max(profileLimits.windowItemsMax).optional(),
  replicates: z.int().min(100).max(driftLimits.replicatesMax).optional(),
  quantile: z.number().gt(0.5).lt(1).optional(),
  /** In place of the quantile: windows between two false alarms. */
  ertWindows: z.int().min(2).max(driftLimits.ertWindowsMax).optional(),
  delimiter: z.string().length(1).optional(),
  /** Texts that stand for nothing, beside an empty cell. */
  missing: z.array(z.string().max(64)).max(16).optional(),
  tensor: TensorName.optional(),
  elementType: ElementType.optional(),
  timeColumn: ColumnName.optional(),
  labelColumn: ColumnName.optional(),
  predictionColumn: ColumnName.optional(),
  confidenceColumn: ColumnName.optional(),
  output: OutputConfig.optional(),
  columns: z
    .record(ColumnName, ColumnConfig)
    .refine(
      (columns) =>
        Object.values(columns).filter(({ quantiles }) => quantiles === true).length <=
        quantileLimits.featuresMax,
      `expected at most ${quantileLimits.featuresMax} columns with quantiles`,
    )
    .optional(),
  embeddings: z.record(ColumnName, EmbeddingConfig).optional(),
});
export type ProfileConfig = z.infer<typeof ProfileConfig>;

/** Of a config; the rest shows when these are mended. */
const FAULTS_TOLD = 8;

const noDurations: ReadonlyMap<string, string> = new Map();

/** @throws CliError PLAN_INVALID naming line and column of what is wrong first; FILE when it cannot be read */
export async function readProfileConfig(path: string): Promise<ProfileConfig> {
  const bytes = await readSmallFile(path, profileLimits.configBytesMax);
  const yaml = inYaml(path, () => plainYaml(Buffer.from(bytes).toString("utf8"), noDurations));
  const answer = checkAgainst(ProfileConfig, yaml.value ?? {});
  if (answer.kind === "fits") return answer.value;
  const told = answer.faults.slice(0, FAULTS_TOLD).map(({ path: at, reason }: SchemaFault) => {
    const { line, column } = yaml.placeOf(jsonPointer(at));
    return `${path}:${line}:${column}: ${at.map(String).join("/")}: ${reason}`;
  });
  throw new CliError("PLAN_INVALID", told.join("\n"));
}

function inYaml<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof YamlFault)) throw cause;
    const { line, column } = cause.place;
    throw new CliError("PLAN_INVALID", `${path}:${line}:${column}: ${cause.message}`, { cause });
  }
}
