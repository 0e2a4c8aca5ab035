import * as z from "zod";
import { FormatError } from "../errors.ts";
import { Target, type TargetFile } from "./target-file.ts";

const BASES_MAX = 4;

/**
 * A target with what its bases say.
 *
 * 1. The file wins over its base, the base over the base's base.
 * 2. Parts (`platform`, `budgets` …) merge field by field; lists and plain values replace.
 * 3. Known issues of all of them count: what is wrong with the base is wrong with the board.
 * 4. Probes, emulation and proofs belong to the board alone.
 *
 * @throws FormatError when a base is missing, the bases form a ring, or something is still unsaid
 */
export function resolveTarget(id: string, files: readonly TargetFile[]): Target {
  const chain = chainOf(id, files);
  const parts = chain.map((file, distance) => partOf(file, distance));
  const merged = parts.reduceRight<Part>((base, part) => mergePart(base, part), {});
  const knownIssues = chain.flatMap((file) => file.knownIssues);
  const result = Target.safeParse({ ...merged, knownIssues });
  if (result.success) return result.data;
  throw new FormatError("FORMAT", `target ${id}: ${z.prettifyError(result.error)}`);
}

type Part = Readonly<Record<string, unknown>>;

/** The file itself first, its most distant base last. */
function chainOf(id: string, files: readonly TargetFile[]): readonly TargetFile[] {
  const chain: TargetFile[] = [];
  let next: string | undefined = id;
  while (next !== undefined) {
    const name: string = next;
    const file = files.find((candidate) => candidate.id === name);
    if (!file) throw new FormatError("FORMAT", `target ${id}: expected a file for "${name}"`);
    chain.push(file);
    if (chain.length > BASES_MAX) {
      throw new FormatError("FORMAT", `target ${id}: expected at most ${BASES_MAX} files in a row`);
    }
    next = file.extends;
  }
  return chain;
}

function partOf(file: TargetFile, distance: number): Part {
  const silent = ["$schema", "extends", ...(distance === 0 ? [] : ["emulation"])];
  return Object.fromEntries(Object.entries(file).filter(([key]) => !silent.includes(key)));
}

function mergePart(base: Part, over: Part): Part {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isPart(below) && isPart(value) ? mergePart(below, value) : value;
  }
  return merged;
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
