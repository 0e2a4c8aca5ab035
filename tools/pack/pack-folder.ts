import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { bundle, traceRuntimes } from "./bundle.ts";
import { assetsOf, type Platform } from "./platform.ts";

export interface PackOptions {
  /** The built working copy. */
  readonly root: string;
  readonly platform: Platform;
  /** Made anew; what was there is removed. */
  readonly folder: string;
  /** Written into the package: no clock of a device may lie before it. */
  readonly builtAt: Date;
  /** A Node program for that platform, to go along; without it the device's own is used. */
  readonly node?: string | undefined;
}

export interface Packed {
  readonly files: number;
  readonly bytes: number;
  /** By package, largest first. */
  readonly packages: readonly (readonly [name: string, bytes: number])[];
}

const programs = {
  main: "agent/dist/main.js",
  "client/index": "agent/dist/client/index.js",
  "runner/main": "agent/dist/runner/main.js",
};

/** An agent as it lies on a device: its programs, the runtimes, and the native files of one kind of machine. */
export async function packFolder(options: PackOptions): Promise<Packed> {
  const { root, folder, platform } = options;
  await rm(folder, { recursive: true, force: true });
  const bundled = await bundle(root, programs, join(folder, "dist"));
  const traced = await traceRuntimes(root, programs["runner/main"]);
  const runtimes = traced.filter((path) => platform.isNative || !isNativeRuntime(path));
  const assets = assetsOf(platform).map((path) => `node_modules/${path}`);
  const terms = await licensesOf(root, [...bundled, ...runtimes]);
  for (const file of new Set([...runtimes, ...assets])) {
    await copyInto(join(root, file), join(folder, file));
  }
  for (const file of terms) await copyInto(join(root, file), join(folder, "licenses", file));
  await writeOwnFiles(options);
  return await measure(folder);
}

function isNativeRuntime(path: string): boolean {
  return path.startsWith("node_modules/onnxruntime-node/");
}

/** The terms under which each package may be passed on. */
async function licensesOf(root: string, files: readonly string[]): Promise<string[]> {
  const packages = files.filter((path) => /^node_modules\/.*\/package\.json$/.test(path));
  const found: string[] = [];
  for (const folder of new Set(packages.map(dirname))) {
    const names = await readdir(join(root, folder));
    const terms = names.filter((name) => /^(licen[cs]e|notice)/i.test(name));
    found.push(...terms.map((name) => `${folder}/${name}`));
  }
  return found;
}

async function copyInto(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
  await chmod(to, 0o644);
}

async function writeOwnFiles({ root, folder, builtAt, node }: PackOptions): Promise<void> {
  await copyInto(join(root, "LICENSE"), join(folder, "LICENSE"));
  await copyInto(
    join(root, "agent/bin/modelfleet-agent.js"),
    join(folder, "bin/modelfleet-agent.js"),
  );
  await copyInto(
    join(root, "firmware-targets/systemd/modelfleet-agent.service"),
    join(folder, "systemd/modelfleet-agent.service"),
  );
  await copyInto(join(root, "firmware-targets/packaging/install.sh"), join(folder, "install.sh"));
  await chmod(join(folder, "install.sh"), 0o755);
  const found = JSON.parse(await readFile(join(root, "agent/package.json"), "utf8")) as object;
  // Types stay behind: nobody compiles on a device.
  const exports = { "./client": "./dist/client/index.js", "./package.json": "./package.json" };
  const said = { ...found, exports, dependencies: {}, builtAt: builtAt.toISOString() };
  const text = JSON.stringify(said, null, 2);
  await writeFile(join(folder, "package.json"), `${text}\n`);
  await writeFile(join(folder, "bin/modelfleet-agent"), launcher, { mode: 0o755 });
  if (node === undefined) return;
  await copyInto(node, join(folder, "bin/node"));
  await chmod(join(folder, "bin/node"), 0o755);
}

/**
 * The two variables of the memory allocator keep memory flat over many swaps (agent.md 10.3); both must be there at start.
 * What is set for the size of the process has its figures in docs/decisions/0009; the bench part `footprint` measures it.
 */
const launcher = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
node="$here/node"
[ -x "$node" ] || node=node
export MALLOC_MMAP_THRESHOLD_=131072 MALLOC_ARENA_MAX=1 ORT_DISABLE_TELEMETRY=1
exec "$node" --max-semi-space-size=1 "$here/modelfleet-agent.js" "$@"
`;

async function measure(folder: string): Promise<Packed> {
  const sizes = new Map<string, number>();
  let files = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size } = await stat(path);
    const name = packageOf(path.slice(folder.length + 1));
    sizes.set(name, (sizes.get(name) ?? 0) + size);
    files += 1;
  }
  const packages = [...sizes].sort(([, left], [, right]) => right - left);
  return { files, bytes: packages.reduce((sum, [, bytes]) => sum + bytes, 0), packages };
}

function packageOf(path: string): string {
  if (path.startsWith("licenses/")) return "licenses";
  const names = [...path.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)];
  return names.at(-1)?.[1] ?? "modelfleet-agent";
}
