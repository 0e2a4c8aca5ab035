import {
  checkAgainst,
  FormatError,
  faultLine,
  parseStrictJson,
  type Schema,
} from "@modelfleet/protocol";
import { PublishError } from "../../domain/errors.ts";

export interface JsonFile<T> {
  readonly name: string;
  readonly schema: Schema<T>;
  readonly bytesMax: number;
  readonly code: "MANIFEST" | "GOLDEN" | "PROFILE";
}

/** How to get a file of that kind that is one. */
const waysOut = {
  MANIFEST: "see docs/operations.md for what release.json may say",
  GOLDEN: "write the golden cases as docs/operations.md has them",
  PROFILE: "make it with modelfleet profile build",
} as const;

/** A JSON file of an upload. @throws PublishError with the file's code, naming file, place, what was expected and the way out */
export function readJson<T>(bytes: Uint8Array, file: JsonFile<T>): T {
  const answer = checkAgainst(file.schema, parse(bytes, file));
  if (answer.kind === "fits") return answer.value;
  throw new PublishError(
    file.code,
    `${file.name}: ${faultLine(answer.faults)}: ${waysOut[file.code]}`,
  );
}

function parse<T>(bytes: Uint8Array, { name, bytesMax, code }: JsonFile<T>): unknown {
  try {
    return parseStrictJson(bytes, { bytesMax });
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new PublishError(code, `${name}: ${cause.message}`, { cause });
  }
}
