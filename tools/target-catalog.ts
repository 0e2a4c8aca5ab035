import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  RuntimeFile,
  resolveTarget,
  type Target,
  type TargetCatalog,
  TargetFile,
} from "@modelfleet/protocol";
import { z } from "zod";
import { renderTargetMatrix } from "./target-matrix.ts";

/** A generated file: where it lies in the repository and what it must say. */
export type GeneratedFile = { readonly path: string; readonly text: string };

/** Everything that is made from `firmware-targets/`, so that nobody reads its files at run time. */
export function targetFiles(root: string): readonly GeneratedFile[] {
  const folder = join(root, "firmware-targets");
  return [
    { path: "protocol/src/target/catalog.gen.ts", text: renderTargetCatalog(folder) },
    { path: "firmware-targets/schema/target.schema.json", text: renderSchema(TargetFile) },
    { path: "firmware-targets/schema/runtime.schema.json", text: renderSchema(RuntimeFile) },
    { path: "firmware-targets/MATRIX.md", text: renderTargetMatrix(readTargetCatalog(folder)) },
  ];
}

/** The catalogue as a TypeScript module of `protocol`. */
export function renderTargetCatalog(folder: string): string {
  const catalog = JSON.stringify(readTargetCatalog(folder), null, 2);
  return [
    '/** Generated from firmware-targets/ by "npm run generate". Do not edit. */',
    'import type { TargetCatalog } from "./catalog.ts";',
    "",
    `export const targetCatalog: TargetCatalog = ${catalog};`,
    "",
  ].join("\n");
}

/** Boards first, so that their probes are asked before the generic bases stand in. */
export function readTargetCatalog(folder: string): TargetCatalog {
  const bases = readFolder(join(folder, "bases"), TargetFile);
  const boards = readFolder(join(folder, "targets"), TargetFile);
  const files = [...boards, ...bases];
  return {
    targets: files.map(({ id }): Target => resolveTarget(id, files)),
    runtimes: readFolder(join(folder, "runtimes"), RuntimeFile).map(withoutSchema),
  };
}

/** The files of a folder by name, each named for the id it holds. */
function readFolder<T extends { readonly id: string }>(folder: string, form: z.ZodType<T>): T[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.sort().map((name) => {
    const result = form.safeParse(JSON.parse(readFileSync(join(folder, name), "utf8")));
    if (!result.success) throw new Error(`${name}: ${z.prettifyError(result.error)}`);
    if (result.data.id === basename(name, ".json")) return result.data;
    throw new Error(`${name}: expected the id of the file's name, got "${result.data.id}"`);
  });
}

function withoutSchema({ $schema: _, ...runtime }: RuntimeFile): RuntimeFile {
  return runtime;
}

function renderSchema(form: z.ZodType): string {
  const schema = z.toJSONSchema(form, { target: "draft-2020-12", io: "input" });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
