import { readFile } from "node:fs/promises";
import { accessLimits, CodedError, Grants } from "@modelfleet/protocol";
import { z } from "zod";

/** The file that says which group has which grants cannot be used; nobody got in by it. */
export class GrantsFileError extends CodedError<"GRANTS_FILE"> {}

const GrantsFile = z.strictObject({ groups: z.record(z.string().min(1).max(256), Grants) });

/** What each group of the identity provider may do; a group that is not named may nothing. */
export type GroupGrants = ReadonlyMap<string, Grants>;

/** @throws GrantsFileError */
export async function readGroupGrants(path: string): Promise<GroupGrants> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > accessLimits.grantsFileBytesMax) {
      throw new RangeError(`at most ${accessLimits.grantsFileBytesMax} bytes`);
    }
    const { groups } = GrantsFile.parse(JSON.parse(bytes.toString("utf8")));
    return new Map(Object.entries(groups));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new GrantsFileError(
      "GRANTS_FILE",
      `--oidc-grants ${path}: expected JSON like {"groups":{"ml-team":[{"role":"deployer","models":["vision.*"]}]}}, got: ${reason.slice(0, 512)}`,
      { cause },
    );
  }
}
