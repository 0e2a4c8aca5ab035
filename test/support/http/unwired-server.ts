import { sha256 } from "@modelfleet/protocol";
import { AuthenticateDevice } from "../../../controller/src/app/fleet/authenticate-device.ts";
import { ReadBlob } from "../../../controller/src/app/release/read-blob.ts";
import { startHttpServer } from "../../../controller/src/http/http-server.ts";
import type { UseCases } from "../../../controller/src/http/services.ts";
import { unwiredUseCases } from "../../../controller/src/http/unwired-use-cases.ts";
import type { BlobStore } from "../../../controller/src/ports/blob-store.ts";
import type { FleetStore } from "../../../controller/src/ports/fleet-store.ts";
import type { ReleaseStore } from "../../../controller/src/ports/release-store.ts";
import { basic } from "./enrolled-device.ts";

export const secret = "s".repeat(43);
export const login = { authorization: basic("cam-1", secret) };

export interface UnwiredOptions {
  readonly useCases?: Partial<UseCases>;
  readonly read?: BlobStore["read"];
  readonly sizeBytes?: number;
  readonly downloadsMax?: number;
  readonly database?: () => Promise<void>;
}

/** The API alone, over whatever a test puts behind it; the device cam-1 may log in. */
export async function startUnwired(options: UnwiredOptions) {
  const defects: unknown[] = [];
  const fleet = { secretOf: () => Promise.resolve(sha256(Buffer.from(secret))) };
  const blobs = {
    stat: () => Promise.resolve({ sizeBytes: options.sizeBytes ?? 0 }),
    read: options.read ?? (() => nothing()),
  };
  const server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    onDefect: (error) => defects.push(error),
    services: {
      useCases: {
        ...unwiredUseCases(),
        authenticateDevice: new AuthenticateDevice({ fleet: fleet as unknown as FleetStore }),
        readBlob: new ReadBlob({
          blobs: blobs as unknown as BlobStore,
          releases: {} as ReleaseStore,
        }),
        ...options.useCases,
      },
      health: {
        database: options.database ?? (() => Promise.resolve()),
        broker: () => Promise.resolve(),
      },
      readRoot: () => undefined,
      local: { isDev: true },
      tally: { count: () => undefined },
      nowMs: Date.now,
      ...(options.downloadsMax === undefined ? {} : { downloadsMax: options.downloadsMax }),
    },
  });
  return {
    defects,
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield* await Promise.resolve([]);
}
