import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { stop } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Packed, packFolder } from "../../tools/pack/pack-folder.ts";
import { platforms } from "../../tools/pack/platform.ts";
import { askHttp } from "../support/agent/ask-http.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { runnerFixture } from "../support/agent/runner-fixture.ts";
import { enrolledFolder } from "../support/agent/running-agent.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { serverCertificate } from "../support/broker/certificates.ts";
import { startPacked } from "../support/fleet/packed-agent.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const builtAt = new Date("2026-11-01T00:00:00Z");
/** agent.md 8.28 */
const installBytesMax = 60_000_000;

let out: TemporaryFolder;
beforeAll(async () => {
  out = await temporaryFolder();
});
afterAll(() => out[Symbol.asyncDispose]());
// The bundler's process waits for more.
afterAll(stop);

test.each([
  ["linux-arm64", 0xb7],
  ["linux-x64", 0x3e],
  ["linux-armv7", null],
])("S28: the package for %s is small and holds native code of that machine alone", async (id, machine) => {
  const { folder, packed } = await pack(id);

  const machines = await machinesOf(folder);

  if (id === "linux-arm64") expect(packed.bytes).toBeLessThanOrEqual(installBytesMax);
  expect([...machines]).toEqual(machine === null ? [] : [machine]);
  expect(packed.packages.map(([name]) => name)).toContain("onnxruntime-web");
});

test("a packed agent says its version and when it was built, and prints its help", async () => {
  const { folder } = await pack("linux-x64");

  const said = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as object;
  const help = await run(join(folder, "bin/modelfleet-agent"), ["--help"]);

  expect(said).toMatchObject({ builtAt: builtAt.toISOString() });
  expect(help.stdout).toContain("enrol");
});

// What Node 20 has compiled fits no other flags at all.
test.runIf(Number.parseInt(process.versions.v8, 10) >= 13)(
  "Node takes the compiled code of its own modules, whatever a packed agent starts it with",
  async () => {
    const { folder } = await pack("linux-x64");

    const launcher = await readFile(join(folder, "bin/modelfleet-agent"), "utf8");
    const flags = /exec "\$node" (.*) "\$here/.exec(launcher)?.[1]?.split(" ") ?? [];

    expect(flags).not.toEqual([]);
    expect(await compiledAnew(flags)).toEqual([]);
    // A flag that V8 compiles by: it shows that the question would be answered.
    expect(await compiledAnew([...flags, "--expose-gc"])).toContain("http");
  },
);

test("a package installs into a system image, twice over, and its command runs from there", async () => {
  const { folder } = await pack("linux-x64");
  const image = out.inside("image");

  const install = () =>
    run("sh", [join(folder, "install.sh")], { env: { ...process.env, DESTDIR: image } });
  await install();
  await install();
  const help = await run(join(image, "opt/modelfleet-agent/bin/modelfleet-agent"), ["--help"]);

  expect(help.stdout).toContain("enrol");
  expect(await readdir(join(image, "opt"))).toEqual(["modelfleet-agent"]);
  expect(await readlink(join(image, "usr/bin/modelfleet-agent"))).toBe(
    "/opt/modelfleet-agent/bin/modelfleet-agent",
  );
  expect(await readdir(join(image, "etc/systemd/system"))).toEqual(["modelfleet-agent.service"]);
});

test.runIf(process.arch === "x64")(
  "a packed agent answers every kind of question of its local API",
  async () => {
    const { folder } = await pack("linux-x64");
    const data = out.inside("device");
    const nobody = "127.0.0.1:9";
    await enrolledFolder(data, {
      controllerUrl: `http://${nobody}`,
      brokerUrl: `mqtt://${nobody}`,
    });
    await using agent = await startPacked(folder, data);
    const ask = async (path: string, method = "GET") =>
      (await askHttp({ socketPath: agent.socketPath }, { path, method })).status;

    expect(await ask("/v2")).toBe(200);
    expect(await ask("/v2/modelfleet/status")).toBe(200);
    expect(await ask("/v2/repository/index", "POST")).toBe(200);
    expect(await ask("/metrics")).toBe(200);
  },
);

test.runIf(process.arch === "x64")(
  "a packed agent, which loads TLS only when it is asked for, speaks MQTT over it",
  async () => {
    const { folder } = await pack("linux-x64");
    const data = out.inside("device-over-tls");
    const { cert, key } = await serverCertificate();
    const server = createTlsServer({ cert, key }).listen(0, "127.0.0.1");
    await using closing = new AsyncDisposableStack();
    closing.defer(() => void server.close());
    // The agent ends it when it is stopped, and tries again until then.
    server.on("secureConnection", (socket) => socket.on("error", () => undefined));
    const connection = once(server, "secureConnection") as Promise<[TLSSocket]>;
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const urls = { controllerUrl: "http://127.0.0.1:9", brokerUrl: `mqtts://localhost:${port}` };
    await enrolledFolder(data, urls);
    const ca = out.inside("broker.pem");
    await writeFile(ca, cert);

    closing.use(await startPacked(folder, data, ["--mqtt-ca", ca]));

    const [socket] = await connection;
    const [first] = (await once(socket, "data")) as [Buffer];
    const connect = 0x10;
    expect(first[0]).toBe(connect);
  },
);

test("a package holds nothing of the schema library that nobody uses, like its messages in 50 languages", async () => {
  const { folder } = await pack("linux-x64");
  const names = await readdir(join(folder, "dist"), { recursive: true });
  const programs = names.filter((name) => name.endsWith(".js"));

  const texts = await Promise.all(
    programs.map((name) => readFile(join(folder, "dist", name), "utf8")),
  );

  expect(texts.filter((text) => /\p{Script=Cyrillic}/u.test(text))).toEqual([]);
});

test("a packed agent starts without Node's library for fetch, which is 15 MB of memory", async () => {
  const { folder } = await pack("linux-x64");
  const program = `const { main } = await import(${JSON.stringify(join(folder, "dist/main.js"))});
    const exitCode = await main(["start", "--data", ${JSON.stringify(out.inside("nothing"))}]);
    console.log(JSON.stringify({ exitCode, loaded: process.moduleLoadList }));`;

  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program]);

  const { exitCode, loaded } = JSON.parse(stdout) as { exitCode: number; loaded: string[] };
  expect(exitCode).not.toBe(0);
  expect(loaded).toContain("NativeModule _http_server");
  expect(loaded.filter((name) => name.includes("undici"))).toEqual([]);
  // Exports of parts that it does import, which nothing of it uses.
  const unused = [
    "worker_threads",
    "internal/util/parse_args/parse_args",
    "internal/util/diff",
    "tls",
    "assert",
  ];
  expect(unused.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual([]);
});

test.runIf(Number.parseInt(process.versions.v8, 10) >= 13)(
  "a packed agent loads without waking V8's last compiler, whose code is 5 MB",
  async () => {
    const { folder } = await pack("linux-x64");
    const program = join(folder, "bin/modelfleet-agent.js");
    const start = ["start", "--data", out.inside("nothing")];

    const flags = ["--trace-opt", program, ...start];
    const { stdout } = spawnSync(process.execPath, flags, { encoding: "utf8" });

    // It compiles at all, and says so.
    expect(stdout).toContain("target MAGLEV");
    expect(stdout).not.toContain("target TURBOFAN");
  },
);

test.runIf(process.arch === "x64")("a packed runner loads a model and answers", async () => {
  const { folder } = await pack("linux-x64");
  await using fixture = await runnerFixture({ runnerPath: join(folder, "dist/runner/main.js") });
  const staged = await stageModel(fixture.folder.path, {
    onnx: denseNetwork({ layers: [4, 3], seed: 1 }),
    io: denseContract(4, 3),
  });

  const model = await fixture.host.load(staged, new AbortController().signal, "trial");
  const answer = await model.infer([floatTensor("x", [1, 4], [1, 2, 3, 4])], { timeoutMs: 5_000 });
  await model.stop();

  expect(answer.map(({ name, shape }) => ({ name, shape }))).toEqual([
    { name: "y", shape: [1, 3] },
  ]);
  expect(model.runtime.id).toBe("onnxruntime-node");
});

const packedOnce = new Map<string, Promise<{ folder: string; packed: Packed }>>();

function pack(id: string): Promise<{ folder: string; packed: Packed }> {
  const known = packedOnce.get(id) ?? packAnew(id);
  packedOnce.set(id, known);
  return known;
}

async function packAnew(id: string): Promise<{ folder: string; packed: Packed }> {
  const platform = platforms.find((one) => one.id === id);
  if (platform === undefined) throw new RangeError(`expected a platform, got ${id}`);
  const folder = out.inside(id);
  return { folder, packed: await packFolder({ root, platform, folder, builtAt }) };
}

/** The machines that the native files are for, from their ELF headers (`e_machine`, two bytes at 18). */
async function machinesOf(folder: string): Promise<ReadonlySet<number>> {
  const names = await readdir(folder, { recursive: true });
  const native = names.filter((name) => /\.(node|dll|dylib|so(\.\d+)*)$/.test(name));
  const headers = await Promise.all(native.map((name) => readFile(join(folder, name))));
  return new Set(headers.map((bytes) => bytes.readUInt16LE(18)));
}

/** Modules of Node's own that it compiles from their sources, when it is started with these flags. */
async function compiledAnew(flags: readonly string[]): Promise<readonly string[]> {
  const program = `require("http");
    const { getCacheUsage } = require("internal/test/binding").internalBinding("builtins");
    console.log(JSON.stringify([...getCacheUsage().compiledWithoutCache]));`;
  const inside = ["--expose-internals", "--no-warnings", "-e", program];
  const { stdout } = await run(process.execPath, [...flags, ...inside]);
  return JSON.parse(stdout) as string[];
}
