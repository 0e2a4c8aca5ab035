import { join } from "node:path";
import { blobLimits, checkAgainst, faultLine, ReleaseManifest } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";
import { readSmallFile } from "./read-small-file.ts";

/** Where a release that was signed without a controller has its signatures. */
export const SIGNED_RELEASE = "release.dsse.json";

/** What the publisher wrote. @throws CliError FILE */
export async function readManifest(folder: string): Promise<ReleaseManifest> {
  const path = join(folder, "release.json");
  const answer = checkAgainst(ReleaseManifest, await readJson(path));
  if (answer.kind === "fits") return answer.value;
  throw new CliError("FILE", `${path}: ${faultLine(answer.faults)}`);
}

async function readJson(path: string): Promise<unknown> {
  const bytes = await readSmallFile(path, blobLimits.manifestBytesMax);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new CliError("FILE", `${path}: expected JSON: ${String(cause)}`, { cause });
  }
}
