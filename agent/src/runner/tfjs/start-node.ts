import { createRequire } from "node:module";
import util from "node:util";
import type { Runtime } from "../runtime.ts";
import type { TfjsLibrary } from "./library.ts";
import { tfjsRuntime } from "./tfjs-runtime.ts";

const PACKAGE = "@tensorflow/tfjs-node";

/**
 * TensorFlow's C library, where its owner has installed the package beside the agent. It is never a dependency: its
 * install script downloads the library, and its last release (4.22) has no binary for newer versions of Node.
 */
export async function startTfjsNode(): Promise<Runtime> {
  bringBackIsNullOrUndefined();
  const found: unknown = createRequire(import.meta.url)(PACKAGE);
  if (!isLibrary(found)) throw new TypeError(`expected the exports of ${PACKAGE}, got others`);
  return await tfjsRuntime(`tfjs-node ${found.version?.["tfjs-core"] ?? "unknown"}`, found);
}

type NodeLibrary = TfjsLibrary & { readonly version?: Readonly<Record<string, string>> };

const functionsOf = [
  "engine",
  "env",
  "memory",
  "neg",
  "tensor",
  "loadLayersModel",
  "loadGraphModel",
];

function isLibrary(found: unknown): found is NodeLibrary {
  if (typeof found !== "object" || found === null) return false;
  const fields = new Map(Object.entries(found));
  return functionsOf.every((name) => typeof fields.get(name) === "function");
}

/** The package calls it for every kernel; Node 23 removed it (DEP0053). */
function bringBackIsNullOrUndefined(): void {
  if ("isNullOrUndefined" in util) return;
  const value = (candidate: unknown) => candidate === null || candidate === undefined;
  Object.defineProperty(util, "isNullOrUndefined", { value });
}
