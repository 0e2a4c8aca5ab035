import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { DeviceFacts } from "@modelfleet/protocol";

type RuntimeFacts = DeviceFacts["runtimes"][number];

/** A way to run models, by the package that brings it and its place in the firmware targets. */
interface Way {
  /** Id of a `RuntimeChoice`. */
  readonly choice: string;
  readonly provider: string;
}

interface Runtime {
  /** As in `firmware-targets/runtimes`. */
  readonly id: string;
  readonly package: string;
  readonly ways: readonly Way[];
}

const runtimes: readonly Runtime[] = [
  {
    id: "onnxruntime-node",
    package: "onnxruntime-node",
    ways: [{ choice: "onnxruntime-node", provider: "cpu" }],
  },
  {
    id: "onnxruntime-web",
    package: "onnxruntime-web",
    ways: [{ choice: "onnxruntime-web", provider: "wasm" }],
  },
  {
    id: "tfjs",
    package: "@tensorflow/tfjs-core",
    ways: [
      { choice: "tfjs-node", provider: "tensorflow" },
      { choice: "tfjs-wasm", provider: "wasm" },
      { choice: "tfjs-cpu", provider: "cpu" },
    ],
  },
];

/** 0: not measured on this device; then what the version is known to accept counts (targets.md 1.4). */
const unmeasured = { opsetMax: 0, irMax: 0 } as const;

/** The runtimes of this device: what is installed, less what was seen not to start, with what has really run. */
export class InstalledRuntimes {
  readonly #versions = new Map(
    runtimes.map((runtime) => [runtime.id, installedVersion(runtime.package)]),
  );
  readonly #proved = new Set<string>();
  readonly #down = new Set<string>();

  /** A model has run with it. */
  proved(choice: string): void {
    this.#proved.add(choice);
  }

  /** It does not start here. */
  down(choice: string): void {
    this.#down.add(choice);
  }

  facts(): RuntimeFacts[] {
    return runtimes.flatMap(({ id, ways }) => {
      const version = this.#versions.get(id);
      const left = ways.filter(({ choice }) => !this.#down.has(choice));
      // A way that has to be installed apart is no reason to believe in a runtime.
      const isThere = left.some(({ choice }) => choice !== "tfjs-node" || this.#proved.has(choice));
      if (version === undefined || !isThere) return [];
      const proved = left.filter(({ choice }) => this.#proved.has(choice));
      return [{ id, version, providers: proved.map(({ provider }) => provider), ...unmeasured }];
    });
  }
}

/** Whether a package can be loaded by the runner, as far as a look at its files tells. */
export function isInstalled(name: string): boolean {
  return installedVersion(name) !== undefined;
}

/** The version of the installed package; the supervisor never loads the runtime itself. */
function installedVersion(name: string): string | undefined {
  // Not resolved by its name: some packages do not let their package.json be imported.
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const version = versionIn(join(folder, name, "package.json"));
    if (version !== undefined) return version;
  }
  return undefined;
}

function versionIn(path: string): string | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof found !== "object" || found === null || !("version" in found)) return undefined;
    return typeof found.version === "string" ? found.version : undefined;
  } catch {
    return undefined; // Not in this folder.
  }
}
