import { withoutFolders } from "../wire/without-folders.ts";

/** What a loader's error says, in one line and without the folders of this device: it goes into reports. */
export function shortReason(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return withoutFolders(line);
}
