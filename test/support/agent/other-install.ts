import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export type OtherInstall = {
  /** Packages this installation has as they are. */
  readonly packages: readonly string[];
  /** Files of packages that differ, by path below `node_modules`. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
};

/** What every installation of the agent brings for its runners. */
export const everyRuntime = [
  "onnxruntime-node",
  "onnxruntime-web",
  "onnxruntime-common",
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-layers",
  "@tensorflow/tfjs-converter",
  "@tensorflow/tfjs-backend-cpu",
  "@tensorflow/tfjs-backend-wasm",
];

/**
 * The runner's own code in a folder with other packages round it, as it would lie on another device.
 *
 * @returns the runner's main file there
 */
export async function otherInstall(folder: string, install: OtherInstall): Promise<string> {
  for (const room of ["runner", "wire"]) {
    await cp(join(root, "agent/src", room), join(folder, "agent/src", room), { recursive: true });
  }
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  for (const name of ["@modelfleet/protocol", ...install.packages]) {
    const place = join(folder, "node_modules", name);
    await mkdir(dirname(place), { recursive: true });
    await symlink(join(root, "node_modules", name), place);
  }
  for (const [path, content] of Object.entries(install.files)) {
    const place = join(folder, "node_modules", path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, content);
  }
  return join(folder, "agent/src/runner/main.ts");
}

/** The package as it is, but for its native library, of which only the first bytes are there. */
export async function truncatedNative(folder: string): Promise<void> {
  const from = join(root, "node_modules/onnxruntime-node");
  const to = join(folder, "node_modules/onnxruntime-node");
  await mkdir(to, { recursive: true });
  for (const part of ["package.json", "dist"]) {
    await cp(join(from, part), join(to, part), { recursive: true });
  }
  const library = join(to, "bin/napi-v6", process.platform, process.arch);
  await mkdir(library, { recursive: true });
  await writeFile(join(library, "onnxruntime_binding.node"), "\u007FELF");
}
