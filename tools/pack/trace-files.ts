import { dirname, relative, resolve } from "node:path";
import { build } from "esbuild";
import { packageFiles } from "./package-files.ts";

/**
 * Every file that these programs can import, with the package files that say how Node reads them.
 *
 * Nothing is bundled: what a device runs is byte by byte what the tests ran, only less of it.
 *
 * @param entries paths of JavaScript files, from `root`
 * @returns paths from `root`, sorted
 */
export async function traceFiles(root: string, entries: readonly string[]): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...entries],
    bundle: true,
    write: false,
    metafile: true,
    // Never written; esbuild only wants to know where the pieces would go.
    outdir: "pack",
    platform: "node",
    format: "esm",
    splitting: true,
    // Without the bundlers' own condition `module`: Node does not know it.
    conditions: [],
    loader: { ".node": "empty" },
    logLevel: "error",
  });
  // A native file's name is put together at run time; esbuild takes every one that may be meant, of every machine.
  const files = Object.keys(metafile.inputs).filter((path) => !/:|\.node$/.test(path));
  const packages = files.flatMap((file) => packageFiles(resolve(root, dirname(file))));
  return [...new Set([...files, ...packages.map((path) => relative(root, path))])].sort();
}
