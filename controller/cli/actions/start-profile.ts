import type { ReferenceProfile } from "@modelfleet/protocol";
import * as z from "zod";
import { PublishError } from "../../src/domain/errors.ts";
import {
  type LearningProfile,
  type LearningWishes,
  learningProfile,
} from "../../src/domain/profile/learning/learning-profile.ts";
import { checkProfile } from "../../src/domain/release/check-profile.ts";
import { CliError } from "../cli-error.ts";
import { localContext } from "../local-context.ts";
import { readModelIo } from "../profile/model-io.ts";
import { readNumber, readWords } from "../profile/watch-wishes.ts";
import { refuseOther, writeProfile } from "../profile/write-profile.ts";
import { renderStarted } from "../render/learned-profile.ts";
import type { Terminal } from "../terminal.ts";

export interface StartProfileOptions {
  readonly model: string;
  readonly out: string;
  readonly feature?: readonly string[];
  readonly category?: readonly string[];
  readonly classes?: string;
  readonly json?: boolean;
}

/** @throws CliError USAGE and FILE naming what is wrong and where */
export async function startProfile(
  terminal: Terminal,
  options: StartProfileOptions,
): Promise<void> {
  const context = localContext(terminal, options);
  const { inputs, outputs } = await readModelIo(options.model);
  const started = learningOf({
    ...{ inputs, outputs },
    numbers: options.feature?.map(readNumber),
    words: options.category?.map(readWords),
    classes: options.classes?.split(","),
  });
  await refuseOther(options.out);
  await writeProfile(options.out, started.profile);
  const { profile, unwatched } = started;
  context.answer({ out: options.out, profile, unwatched }, () =>
    renderStarted(options.out, started),
  );
}

/** @throws CliError USAGE for what the model does not have, or a profile does not hold */
function learningOf(wishes: LearningWishes): LearningProfile {
  try {
    const started = learningProfile(wishes);
    requireOneOutput(wishes, started.profile);
    refuseTwice(started.profile);
    checkProfile(started.profile, { inputs: [...wishes.inputs], outputs: [...wishes.outputs] });
    return started;
  } catch (cause) {
    if (cause instanceof PublishError) throw new CliError("USAGE", cause.message, { cause });
    if (!(cause instanceof z.ZodError)) throw cause;
    const [issue] = cause.issues;
    const place = issue?.path.join(".") ?? "";
    throw new CliError("USAGE", `${place}: ${issue?.message ?? "expected another"}`, { cause });
  }
}

/** Names of classes are those of one output, and of which one nobody said. @throws CliError USAGE */
function requireOneOutput({ classes }: LearningWishes, { outputs }: ReferenceProfile): void {
  if (classes === undefined || outputs.length === 1) return;
  throw new CliError(
    "USAGE",
    `--classes: expected a model with one output of classes, got ${outputs.length}`,
  );
}

/** What drifts is called by its name. @throws CliError USAGE */
function refuseTwice({ features, outputs, categories = [] }: ReferenceProfile): void {
  for (const parts of [features, outputs, categories]) {
    const names = parts.map(({ name }) => name);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined)
      throw new CliError("USAGE", `expected each name once, got ${twice} twice`);
  }
}
