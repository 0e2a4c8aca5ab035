import { checkAgainst, faultLine } from "@modelfleet/protocol";
import { CliError } from "../cli-error.ts";
import { localContext } from "../local-context.ts";
import { makeFromFile } from "../profile/make-from-file.ts";
import { ProfileConfig, readProfileConfig } from "../profile/profile-config.ts";
import { refuseOther, writeProfile } from "../profile/write-profile.ts";
import { readCount } from "../read-options.ts";
import { renderBuilt, summaryOf } from "../render/built-profile.ts";
import { createProgress, type Progress } from "../render/progress.ts";
import type { Terminal } from "../terminal.ts";

export interface BuildProfileOptions {
  readonly out: string;
  readonly config?: string;
  readonly windowItems?: string;
  readonly seed?: string;
  readonly blockItems?: string;
  readonly ertWindows?: string;
  readonly timeColumn?: string;
  readonly labelColumn?: string;
  readonly predictionColumn?: string;
  readonly confidenceColumn?: string;
  readonly embedding?: readonly string[];
  readonly json?: boolean;
}

/** Smaller files are read before anybody wonders. */
const QUIET_BYTES_MAX = 8 * 1_024 * 1_024;

/** @throws CliError USAGE, PLAN_INVALID and FILE naming what is wrong and where */
export async function buildProfile(
  terminal: Terminal,
  path: string,
  options: BuildProfileOptions,
): Promise<void> {
  const context = localContext(terminal, options);
  const config = withOptions(await configOf(options), options);
  await refuseOther(options.out);
  const made = await withProgress(terminal, options, (onProgress) =>
    makeFromFile({ path, config, onProgress }),
  );
  await writeProfile(options.out, made.profile);
  context.answer(summaryOf(options.out, made), () => renderBuilt(options.out, made));
}

function configOf({ config }: BuildProfileOptions): Promise<ProfileConfig> {
  return config === undefined ? Promise.resolve({}) : readProfileConfig(config);
}

/** What is said on the command line holds before what the file says. @throws CliError USAGE */
function withOptions(config: ProfileConfig, options: BuildProfileOptions): ProfileConfig {
  const { timeColumn, labelColumn, predictionColumn, confidenceColumn, embedding = [] } = options;
  const count = (name: string, text: string | undefined) =>
    text === undefined ? undefined : readCount(name, text);
  const said = {
    windowItems: count("--window-items", options.windowItems),
    seed: count("--seed", options.seed),
    blockItems: count("--block-items", options.blockItems),
    ertWindows: count("--ert-windows", options.ertWindows),
    ...{ timeColumn, labelColumn, predictionColumn, confidenceColumn },
  };
  const given = Object.entries(said).filter(([, value]) => value !== undefined);
  const embeddings = {
    ...Object.fromEntries(embedding.map((name) => [name, {}])),
    ...config.embeddings,
  };
  const asked = { ...config, ...Object.fromEntries(given), embeddings };
  const answer = checkAgainst(ProfileConfig, asked);
  if (answer.kind === "fits") return answer.value;
  throw new CliError("USAGE", faultLine(answer.faults));
}

type OnProgress = (done: { readonly bytes: number; readonly of: number }) => void;

async function withProgress<T>(
  terminal: Terminal,
  { json }: BuildProfileOptions,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  let progress: Progress | undefined;
  try {
    return await work(({ bytes, of }) => {
      if (json === true || of < QUIET_BYTES_MAX) return;
      progress ??= createProgress(terminal, "reading twice");
      progress.update(bytes, of);
    });
  } finally {
    progress?.end();
  }
}
