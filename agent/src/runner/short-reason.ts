/** Folders at the start of an absolute path; a relative one says something about the package. */
const FOLDERS = /(?<![^\s'"(])(?:file:\/\/)?(?:\/[^\s/'":]+)+\/(?=[^\s/'":]+)/g;

/** What a loader's error says, in one line and without the folders of this device: it goes into reports. */
export function shortReason(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.replaceAll(FOLDERS, "");
}
