import { readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../../vectors/statistics");

/** A committed file of golden numbers, made by a script of tools/scipy. */
export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, name), "utf8"));
}
