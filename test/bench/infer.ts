import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HttpPlace } from "../support/agent/ask-http.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { benchModels } from "../support/onnx/bench-models.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { seededRandom } from "../support/random.ts";
import { inferBody, inferClient } from "./infer-client.ts";
import { bareSession, type Figures, figuresOf, measure } from "./infer-figures.ts";
import { servedProcess } from "./served/served-process.ts";
import { digits, printTable } from "./statistics.ts";

/**
 * What the agent adds to an inference: the same model and row on the bare library, over the Unix socket, and over
 * loopback TCP, in one run. Latency with one client that waits for each answer; throughput with sixteen.
 */
const MEASURE_MS = 3_000;
const CLIENTS = 16;

type Way = "bare" | "unix" | "tcp";
type ModelName = keyof typeof benchModels;

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "modelfleet-bench-"));
  try {
    const models: Record<string, object> = {};
    const rows = [["model", "way", "p50 µs", "p99 µs", "per second", "p50 ratio"]];
    for (const name of Object.keys(benchModels) as ModelName[]) {
      const figures = await measureModel(folder, name);
      rows.push(...tableRows(name, figures));
      models[name] = summaryOf(figures);
    }
    printTable(rows);
    console.log(JSON.stringify({ clients: CLIENTS, models }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureModel(folder: string, name: ModelName): Promise<Record<Way, Figures>> {
  const network = benchModels[name];
  const path = join(folder, `${name}.onnx`);
  await writeFile(path, denseNetwork(network));
  const random = seededRandom(5);
  const row = Float32Array.from({ length: network.layers[0] }, () => random.next());
  const bare = await measureBare(path, row);
  await using server = await servedProcess("agent", {
    folder,
    models: { "1.0.0": path },
    inputs: row.length,
    outputs: network.layers[network.layers.length - 1] ?? 0,
  });
  await server.serve("1.0.0");
  const unix = await measureServer({ socketPath: server.socketPath }, row);
  const tcp = await measureServer({ host: "127.0.0.1", port: server.tcpPort }, row);
  return { bare, unix, tcp };
}

async function measureBare(path: string, row: Float32Array): Promise<Figures> {
  await using bare = await bareSession(path, floatTensor("x", [1, row.length], row));
  // The library computes one request after the other whoever asks: its throughput is that of one client.
  const samples = await measure(bare.once, 1, MEASURE_MS);
  return figuresOf(samples, samples);
}

async function measureServer(place: HttpPlace, row: Float32Array): Promise<Figures> {
  using client = inferClient(place, CLIENTS);
  const body = inferBody(row);
  const once = async () => {
    await client.infer(body);
  };
  const alone = await measure(once, 1, MEASURE_MS);
  const together = await measure(once, CLIENTS, MEASURE_MS);
  return figuresOf(alone, together);
}

function tableRows(name: string, figures: Record<Way, Figures>): string[][] {
  return Object.entries(figures).map(([way, { p50Us, p99Us, perSecond }]) => {
    const ratio = (p50Us / figures.bare.p50Us).toFixed(2);
    return [name, way, String(p50Us), String(p99Us), String(perSecond), ratio];
  });
}

function summaryOf({ bare, unix, tcp }: Record<Way, Figures>): object {
  return {
    bare,
    unix,
    tcp,
    unixP50Ratio: digits(unix.p50Us / bare.p50Us),
    tcpP50Ratio: digits(tcp.p50Us / bare.p50Us),
    unixAddedP50Us: digits(unix.p50Us - bare.p50Us),
    tcpAddedP50Us: digits(tcp.p50Us - bare.p50Us),
  };
}

await main();
