import { randomBytes } from "node:crypto";
import { DeviceId, type UpTopic } from "@modelfleet/protocol";
import {
  AedesBroker,
  type BrokerRules,
} from "../../../controller/src/adapters/aedes-broker/aedes-broker.ts";
import type { BrokerTls } from "../../../controller/src/adapters/aedes-broker/broker-tls.ts";
import type { DeviceDoor } from "../../../controller/src/ports/device-door.ts";
import { recordingLog } from "./recording-log.ts";

export const cam1 = DeviceId.parse("cam-1");
export const cam2 = DeviceId.parse("cam-2");
export const goodSecret = "the-right-secret";

export interface Received {
  readonly topic: UpTopic;
  readonly text: string;
}

export interface TestBrokerOptions {
  readonly rules?: Partial<BrokerRules>;
  readonly port?: number;
  readonly receive?: DeviceDoor["receive"];
  readonly enrol?: DeviceDoor["enrol"];
  readonly authenticate?: DeviceDoor["authenticate"];
  readonly nowMs?: () => number;
  readonly tls?: BrokerTls;
  readonly recognize?: (device: DeviceId, publicKey: Uint8Array | null) => boolean;
}

/** A real broker on a free port of 127.0.0.1 that lets every device with `goodSecret` in and keeps what it hears. */
export async function startTestBroker(options: TestBrokerOptions = {}) {
  const log = recordingLog();
  const received: Received[] = [];
  const duplicates: DeviceId[] = [];
  const broker = new AedesBroker({
    host: "127.0.0.1",
    port: options.port ?? 0,
    log,
    clock: {
      nowMs: options.nowMs ?? Date.now,
      randomBytes,
      every: () => ({ [Symbol.dispose]: () => undefined }),
    },
    ...(options.rules === undefined ? {} : { rules: options.rules }),
    tls: options.tls,
  });
  const port = await broker.start({
    authenticate:
      options.authenticate ?? ((_device, secret) => Promise.resolve(secret === goodSecret)),
    recognize: (device, publicKey) =>
      Promise.resolve(options.recognize?.(device, publicKey) ?? true),
    receive: (topic, payload) => {
      received.push({ topic, text: Buffer.from(payload).toString("utf8") });
      return options.receive?.(topic, payload) ?? Promise.resolve();
    },
    enrol: options.enrol ?? ((question) => Promise.resolve(question)),
    duplicate: (device) => {
      duplicates.push(device);
      return Promise.resolve();
    },
  });
  return {
    broker,
    port,
    log,
    received,
    duplicates,
    url: `${options.tls === undefined ? "mqtt" : "mqtts"}://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}
