import { rename, stat, writeFile } from "node:fs/promises";
import { blobLimits } from "@modelfleet/protocol";
import { CliError } from "../cli-error.ts";
import { localContext } from "../local-context.ts";
import { fileFault } from "../profile/file-fault.ts";
import { makeFromFile } from "../profile/make-from-file.ts";
import { ProfileConfig, readProfileConfig } from "../profile/profile-config.ts";
import { profileJson } from "../profile/profile-json.ts";
import { readProfile } from "../profile/read-profile.ts";
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
  await replaceFile(options.out, profileJson(made.profile));
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
  const parsed = ProfileConfig.safeParse({ ...config, ...Object.fromEntries(given), embeddings });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CliError("USAGE", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
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

/** A profile may be made anew; another file is not written over. @throws CliError FILE */
async function refuseOther(path: string): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  try {
    await readProfile(path);
  } catch (cause) {
    throw fileFault({ path }, "expected no file there, or an earlier profile, got another", cause);
  }
}

/** @throws CliError FILE when it cannot be written, or is too large for a release */
async function replaceFile(path: string, text: string): Promise<void> {
  const { profileBytesMax } = blobLimits;
  const bytes = Buffer.byteLength(text);
  if (bytes > profileBytesMax) {
    const way = "watch fewer columns, or leave the time column out";
    throw fileFault({ path }, `expected at most ${profileBytesMax} bytes, got ${bytes}: ${way}`);
  }
  try {
    await writeFile(`${path}.part`, text);
    await rename(`${path}.part`, path);
  } catch (cause) {
    throw fileFault({ path }, `cannot be written: ${String(cause)}`, cause);
  }
}
