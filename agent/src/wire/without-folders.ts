/** Folders at the start of an absolute path; a relative one says something about the package. */
const FOLDERS = /(?<![^\s'"(])(?:file:\/\/)?(?:\/[^\s/'":]+)+\/(?=[^\s/'":]+)/g;

/** A text that goes into reports, without the folders of this device. */
export function withoutFolders(text: string): string {
  return text.replaceAll(FOLDERS, "");
}
