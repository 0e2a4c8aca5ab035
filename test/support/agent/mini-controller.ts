/**
 * The smallest honest controller for one device: a real broker, real signatures, real HTTP ranges; no database.
 *
 * - `release(version, changes, free)`: publishes a small real model; another `free` makes it another file. Returns its digest.
 * - `hold(content)`: a file that a release may list besides; `changes` says under which path.
 * - `want(release)`: what the next answered hello orders; `order()` orders it now, with the last hello's nonce.
 * - `hellos`, `reports`, `telemetry`: what the device said, verified. `acknowledge(false)`: commit nothing any more.
 */

import { randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import {
  DeviceId,
  decodeBatch,
  type HelloMessage,
  mainSlot,
  modelDigest,
  openDeviceMessage,
  openSignedBatch,
  ReleaseDocument,
  type ReportMessage,
  type Sha256,
  sha256,
  type TelemetryBatch,
  type UpTopic,
} from "@modelfleet/protocol";
import { AedesBroker } from "../../../controller/src/adapters/aedes-broker/aedes-broker.ts";
import { recordingLog } from "../mqtt/recording-log.ts";
import { fixtureDevice, fleetKeys, signedDesired, signedRelease } from "../trust-fixtures.ts";
import { blobServer, ignoreRange, refuse, serve } from "./blob-server.ts";
import { identityModel } from "./identity-model.ts";
import { denseContract } from "./staged-model.ts";

export const miniSecret = "s".repeat(43);

export async function miniController(port = 0) {
  const blobs = new Map<string, Buffer>();
  const releases = new Map<string, Buffer>();
  const hellos: HelloMessage[] = [];
  const reports: ReportMessage[] = [];
  const telemetry: TelemetryBatch[] = [];
  const publicKey = fleetKeys.device.publicKey;
  let acknowledges = true;
  let wanted: Sha256 | undefined;
  let seq = 0;
  const http = await blobServer([shelf(blobs, releases)]);
  const broker = new AedesBroker({
    host: "127.0.0.1",
    port,
    log: recordingLog(),
    clock: {
      nowMs: Date.now,
      randomBytes,
      every: () => ({ [Symbol.dispose]: () => undefined }),
    },
  });
  const brokerPort = await broker.start({
    authenticate: (device, secret) =>
      Promise.resolve(device === fixtureDevice && secret === miniSecret),
    recognize: () => Promise.resolve(false),
    receive: (topic, payload) => hear(topic, payload),
    enrol: () => Promise.reject(new Error("expected nobody to enrol by this broker")),
    duplicate: () => Promise.resolve(),
  });

  async function hear(topic: UpTopic, payload: Uint8Array): Promise<void> {
    if (topic.kind === "request") return order();
    if (topic.stream === "hello") {
      hellos.push(openDeviceMessage(payload, "hello", publicKey));
      await order();
    }
    if (topic.stream === "report") {
      const report = openDeviceMessage(payload, "report", publicKey);
      reports.push(report);
      await acknowledge("report", report);
    }
    if (topic.stream === "tele") {
      const batch = decodeBatch(openSignedBatch(publicKey, payload));
      telemetry.push(batch);
      await acknowledge("tele", batch);
    }
  }

  async function acknowledge(
    stream: "report" | "tele",
    { boot, seq: entry }: { readonly boot: number; readonly seq: number },
  ): Promise<void> {
    if (acknowledges) await broker.publishAck(fixtureDevice, { v: 1, stream, boot, seq: entry });
  }

  async function order(): Promise<void> {
    if (wanted === undefined) return;
    seq = Math.max(seq, hellos.at(-1)?.desiredSeq ?? 0) + 1;
    const size = releases.get(wanted)?.length ?? 1;
    const model = { slot: mainSlot, model: "digits", release: wanted, size, activate: "now" };
    const nonce = hellos.at(-1)?.nonce;
    const { bytes } = signedDesired({ seq, nonce, models: [model] });
    await broker.publishDesired(DeviceId.parse(fixtureDevice), bytes);
  }

  function release(version: string, changes: object = {}, free = 1): Sha256 {
    const content = Buffer.from(identityModel({ dtype: "float32", shape: ["n".repeat(free), 2] }));
    const digest = sha256(content);
    const files = ReleaseDocument.shape.files.parse([
      { path: "model.onnx", size: content.length, sha256: digest },
    ]);
    const signed = signedRelease({
      ...{ model: "digits", version, files, digest: modelDigest(files), selfTest: undefined },
      compat: { classes: ["*"], runtime: "onnxruntime>=1.20", minMemoryMiB: 16 },
      io: denseContract(2, 2),
      ...changes,
    });
    blobs.set(digest, content);
    releases.set(signed.sha256, Buffer.from(signed.bytes));
    return signed.sha256;
  }

  function hold(content: Buffer) {
    const digest = sha256(content);
    blobs.set(digest, content);
    return { size: content.length, sha256: digest };
  }

  return {
    hold,
    brokerUrl: `mqtt://127.0.0.1:${brokerPort}`,
    brokerPort,
    controllerUrl: http.url,
    /** Paths asked of the HTTP side. */
    asked: () => http.requests.map(({ url }) => url),
    hellos,
    reports,
    telemetry,
    release,
    order,
    want: (digest: Sha256) => {
      wanted = digest;
    },
    acknowledge: (does: boolean) => {
      acknowledges = does;
    },
    [Symbol.asyncDispose]: async () => {
      await broker[Symbol.asyncDispose]();
      await http[Symbol.asyncDispose]();
    },
  };
}

function shelf(
  blobs: ReadonlyMap<string, Buffer>,
  releases: ReadonlyMap<string, Buffer>,
): RequestListener {
  return (request, response) => {
    const [, , , kind = "", digest = ""] = (request.url ?? "").split("/");
    const blob = blobs.get(digest);
    const envelope = releases.get(digest);
    if (kind === "blobs" && blob !== undefined) serve(blob)(request, response);
    else if (envelope !== undefined) ignoreRange(envelope)(request, response);
    else refuse(404)(request, response);
  };
}
