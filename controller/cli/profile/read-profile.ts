import {
  blobLimits,
  checkAgainst,
  FormatError,
  faultLine,
  parseStrictJson,
  ReferenceProfile,
} from "@modelfleet/protocol";
import { readSmallFile } from "../read-small-file.ts";
import { fileFault } from "./file-fault.ts";

/** @throws CliError FILE naming what is not as in a reference profile */
export async function readProfile(path: string): Promise<ReferenceProfile> {
  const bytesMax = blobLimits.profileBytesMax;
  const bytes = await readSmallFile(path, bytesMax);
  const answer = checkAgainst(ReferenceProfile, jsonOf(path, bytes, bytesMax));
  if (answer.kind === "fits") return answer.value;
  const why = `${faultLine(answer.faults)}: make one with modelfleet profile build`;
  throw fileFault({ path }, `expected a reference profile: ${why}`);
}

function jsonOf(path: string, bytes: Uint8Array, bytesMax: number): unknown {
  try {
    return parseStrictJson(bytes, { bytesMax });
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw fileFault({ path }, `expected a reference profile: ${cause.message}`, cause);
  }
}
