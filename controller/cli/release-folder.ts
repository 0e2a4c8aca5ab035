import { open } from "node:fs/promises";
import { join } from "node:path";
import { blobLimits, ReleaseManifest } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";

/** Where a release that was signed without a controller has its signatures. */
export const SIGNED_RELEASE = "release.dsse.json";

/** What the publisher wrote. @throws CliError FILE */
export async function readManifest(folder: string): Promise<ReleaseManifest> {
  const path = join(folder, "release.json");
  const parsed = ReleaseManifest.safeParse(await readJson(path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CliError(
    "FILE",
    `${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a release manifest"}`,
  );
}

async function readJson(path: string): Promise<unknown> {
  const text = await readBounded(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError("FILE", `${path}: expected JSON: ${String(cause)}`, { cause });
  }
}

async function readBounded(path: string): Promise<string> {
  const { manifestBytesMax } = blobLimits;
  const buffer = new Uint8Array(manifestBytesMax + 1);
  let length = 0;
  try {
    await using file = await open(path, "r");
    ({ bytesRead: length } = await file.read(buffer, 0, buffer.length, 0));
  } catch (cause) {
    throw new CliError("FILE", `${path}: cannot be read: ${String(cause)}`, { cause });
  }
  if (length <= manifestBytesMax) return new TextDecoder().decode(buffer.subarray(0, length));
  throw new CliError("FILE", `${path}: expected at most ${manifestBytesMax} bytes, got more`);
}
