import { rename, stat, writeFile } from "node:fs/promises";
import { blobLimits, type ReferenceProfile } from "@modelfleet/protocol";
import { fileFault } from "./file-fault.ts";
import { profileJson } from "./profile-json.ts";
import { readProfile } from "./read-profile.ts";

/** A profile may be made anew; another file is not written over. @throws CliError FILE */
export async function refuseOther(path: string): Promise<void> {
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
export async function writeProfile(path: string, profile: ReferenceProfile): Promise<void> {
  const { profileBytesMax } = blobLimits;
  const text = profileJson(profile);
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
