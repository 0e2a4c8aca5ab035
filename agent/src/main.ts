import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type ExitCode, runAgentProgram } from "./cli/program.ts";

/** The device's command line on this process's streams. @param argv arguments after the program's name */
export function main(argv: readonly string[]): Promise<ExitCode> {
  return runAgentProgram(argv, commands, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  });
}

// Each command brings its own modules: `--help` must not wait for MQTT and the stores.
const commands: Parameters<typeof runAgentProgram>[1] = {
  enrol: async (enrolment, options, say) => {
    const { enrolFolder } = await import("./enrol-folder.ts");
    return enrolFolder(enrolment, options, say);
  },
  start: async (options) => {
    if (options.isolation === "inline") Object.assign(process.env, inlineEnvironment);
    const { start } = await import("./start.ts");
    await start(
      options,
      { machine: machine(), output: process.stdout, engine: engine() },
      untilAsked,
    );
  },
  lock: async (options) => (await import("./cli/say-updates.ts")).lockUpdates(options),
  unlock: async (options) => (await import("./cli/say-updates.ts")).unlockUpdates(options),
  deny: async (options) => (await import("./cli/say-updates.ts")).denyWaiting(options),
  capture: async (word, options) => {
    const { sayCapture } = await import("./cli/say-capture.ts");
    return sayCapture(word, options);
  },
  hello: async (options) => {
    const { writeHello } = await import("./carry.ts");
    return writeHello(options, machine());
  },
  apply: async (folder, options) => {
    const { applyBundle } = await import("./carry.ts");
    return applyBundle(folder, options, { agentVersion: packageVersion() });
  },
  status: async ({ data, socket }) => {
    const [{ socketPathOf }, { readStatus }, { statusText }] = await Promise.all([
      import("./config.ts"),
      import("./cli/read-status.ts"),
      import("./cli/status-text.ts"),
    ]);
    const status = await readStatus(
      resolve(data),
      socketPathOf({ data, socket }),
      packageVersion(),
    );
    return { json: { ...status }, text: statusText(status) };
  },
};

/** Read by the native library while it is loaded into this process; a runner of its own is started with it. */
const inlineEnvironment = { ORT_DISABLE_TELEMETRY: "1" };

function untilAsked(): AbortSignal {
  const asked = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => asked.abort());
  return asked.signal;
}

function machine() {
  const { execPath: nodePath, version: nodeVersion } = process;
  const agentVersion = packageVersion();
  // This file stays in its place whatever a package makes of the others.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return {
    nodePath,
    runnerPath: resolve(import.meta.dirname, `runner/main.${extension}`),
    nodeVersion,
    glibcVersion: glibcVersion(),
    agentVersion,
    builtAtMs: builtAtMs(),
  };
}

function engine() {
  // V8 has no WebAssembly where it may not make machine code.
  const hasCompilers = "WebAssembly" in globalThis;
  return { v8: process.versions.v8, arch: process.arch, hasCompilers };
}

/** The C library this process runs with; undefined where it is not glibc. */
function glibcVersion(): string | undefined {
  // Else the report asks the name service for every open connection, and a start waits for it.
  Reflect.set(process.report, "excludeNetwork", true);
  const report: unknown = process.report.getReport();
  if (typeof report !== "object" || report === null || !("header" in report)) return undefined;
  const { header } = report;
  if (typeof header !== "object" || header === null) return undefined;
  if (!("glibcVersionRuntime" in header)) return undefined;
  return typeof header.glibcVersionRuntime === "string" ? header.glibcVersionRuntime : undefined;
}

function packageVersion(): string {
  const found = packageFile();
  return "version" in found ? String(found.version) : "0.0.0";
}

/** Whoever packs this program writes `builtAt` into its package file; in a working copy nobody did. */
function builtAtMs(): number | undefined {
  const found = packageFile();
  const ms = "builtAt" in found ? Date.parse(String(found.builtAt)) : Number.NaN;
  return ms > 0 ? ms : undefined;
}

function packageFile(): object {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const found: unknown = JSON.parse(text);
  return typeof found === "object" && found !== null ? found : {};
}
