import type { Fs } from "../../ports/fs.ts";
import { readWhole } from "./whole-file.ts";

/** undefined when there is no such file, or it is not JSON. @throws RangeError when it is longer than `bytesMax` */
export async function readJsonFile(fs: Fs, path: string, bytesMax: number): Promise<unknown> {
  const bytes = await readWhole(fs, path, bytesMax);
  try {
    return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // Not JSON: no schema takes undefined.
  }
}
