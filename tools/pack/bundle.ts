import { dirname, relative, resolve } from "node:path";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { lazyBuiltins } from "./lazy-builtins.ts";
import { leaveOut } from "./leave-out.ts";
import { nativeBase64 } from "./native-base64.ts";
import { packageFiles } from "./package-files.ts";

/** Runtimes find files of their own by where they lie, and so are copied and not bundled. */
const runtimes = ["onnxruntime-*", "@tensorflow/*"];

const forNode = {
  bundle: true,
  metafile: true,
  platform: "node",
  format: "esm",
  splitting: true,
  // Without the bundlers' own condition `module`: Node does not know it.
  conditions: [],
  logLevel: "error",
} satisfies BuildOptions;

/**
 * The agent's programs with what they import, without what nothing of them uses: of a schema library and of the contract
 * that is the greater part, and memory of the device.
 *
 * @param entries by the name of the file each becomes below `folder`, without its ending
 * @returns the package files of everything that went in, paths from `root`
 */
export async function bundle(
  root: string,
  entries: Readonly<Record<string, string>>,
  folder: string,
): Promise<string[]> {
  const { metafile } = await build({
    ...forNode,
    absWorkingDir: root,
    entryPoints: { ...entries },
    outdir: folder,
    chunkNames: "parts/[name]-[hash]",
    external: runtimes,
    plugins: [lazyBuiltins, leaveOut, nativeBase64],
    // Names stay: errors are told by the names of their classes.
    minifyWhitespace: true,
    minifySyntax: true,
    banner: { js: commonJs },
  });
  return packagesOf(root, filesOf(metafile));
}

/** Some of the packages are CommonJS and ask for parts of Node by `require`. */
const commonJs =
  'import{createRequire as requireFrom}from"node:module";const require=requireFrom(import.meta.url);';

/**
 * Every file of the runtimes that a program can import, with the package files that say how Node reads them.
 *
 * @returns paths from `root`, sorted
 */
export async function traceRuntimes(root: string, entry: string): Promise<string[]> {
  // Never written; esbuild only wants to know where the pieces would go.
  const nowhere = { write: false, outdir: "pack" };
  const { metafile } = await build({
    ...forNode,
    ...nowhere,
    loader: { ".node": "empty" },
    absWorkingDir: root,
    entryPoints: [entry],
  });
  // A native file's name is put together at run time; esbuild takes every one that may be meant, of every machine.
  const files = filesOf(metafile).filter((path) => /^node_modules\/.*(?<!\.node)$/.test(path));
  return [...new Set([...files, ...packagesOf(root, files)])].sort();
}

/** Names with a colon are made up by esbuild. */
function filesOf(metafile: Metafile): string[] {
  return Object.keys(metafile.inputs).filter((path) => !path.includes(":"));
}

function packagesOf(root: string, files: readonly string[]): string[] {
  const found = files.flatMap((file) => packageFiles(resolve(root, dirname(file))));
  return [...new Set(found)].map((path) => relative(root, path));
}
