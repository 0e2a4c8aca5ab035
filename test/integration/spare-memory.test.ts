import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const program = join(import.meta.dirname, "../support/agent/sparing-program.ts");
const built = join(import.meta.dirname, "../../agent/dist/spare-memory.js");
const v8Major = Number.parseInt(process.versions.v8, 10);

test.runIf(v8Major >= 13)(
  "the last two compilers begin when an application asks, and not before",
  async () => {
    const { before, after } = await compiledBy(process.versions.v8);

    expect(before).not.toMatch(/TURBOFAN|MAGLEV/);
    expect(after).toContain("MAGLEV");
    expect(after).toContain("TURBOFAN");
  },
);

test("an older V8 is told nothing that it does not know, and compiles as ever", async () => {
  const { before, stderr } = await compiledBy("11.3");

  expect(before).toContain("TURBOFAN");
  expect(stderr).toBe("");
});

test.runIf(v8Major >= 13)(
  "where the compiler before the last is not known to be V8's default, it is left alone",
  async () => {
    const { before, stderr } = await compiledBy(process.versions.v8, "arm");

    expect(before).toContain("MAGLEV");
    expect(stderr).toBe("");
  },
);

// Node cannot strip types then, so this asks what was built.
test.each(["--jitless", "--lite-mode"])("an agent under %s is asked, and lives", async (flag) => {
  const program = `import { spareMemory } from ${JSON.stringify(built)};
    const { versions: { v8 }, arch } = process;
    spareMemory({ v8, arch, hasCompilers: "WebAssembly" in globalThis })();
    const step = (sum, i) => (sum * 31 + i) % 65_521;
    let sum = 0;
    for (let i = 0; i < 2_000_000; i++) sum = step(sum, i);
    console.log("lives");`;

  const { stdout, stderr } = await run(process.execPath, [
    flag,
    "--input-type=module",
    "--eval",
    program,
  ]);

  expect(stdout).toBe("lives\n");
  expect(stderr).toBe("");
});

test("the V8 that runs here knows everything it is told", async () => {
  const { stderr } = await compiledBy(process.versions.v8);

  expect(stderr).toBe("");
});

/** What V8 said of its compilers from when it was to spare until an application asked, and after that. */
async function compiledBy(v8: string, arch: string = process.arch) {
  const flags = ["--conditions=modelfleet-source", "--no-warnings", "--trace-opt"];
  const { stdout, stderr } = await run(process.execPath, [...flags, program, v8, arch]);
  const [, before = "", after = ""] = stdout.split(/^sparing$|^asked$/m);
  return { before, after, stderr };
}
