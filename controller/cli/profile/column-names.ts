import { profileLimits } from "@modelfleet/protocol";
import { fileFault, quoted } from "./file-fault.ts";

/** The names of a header. @throws CliError FILE unless each is there once */
export function columnNames(path: string, names: readonly string[]): readonly string[] {
  if (names.length > profileLimits.columnsMax) {
    throw fileFault(
      { path },
      `expected at most ${profileLimits.columnsMax} columns, got ${names.length}`,
    );
  }
  const trimmed = names.map((name) => name.trim());
  for (const [index, name] of trimmed.entries()) {
    if (name === "") throw fileFault({ path }, `expected a name for column ${index + 1}, got none`);
    if (trimmed.indexOf(name) === index) continue;
    throw fileFault({ path }, `expected each column once, got ${quoted(name)} twice`);
  }
  return trimmed;
}
