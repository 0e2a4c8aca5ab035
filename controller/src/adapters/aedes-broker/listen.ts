import { once } from "node:events";
import type { Server } from "node:net";
import { BrokerError } from "./broker-error.ts";

export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/**
 * @returns the port it listens on
 * @throws BrokerError PORT_IN_USE | LISTEN_FAILED
 */
export async function listen(server: Server, address: ListenAddress): Promise<number> {
  server.listen(address.port, address.host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw listenError(address, cause);
  }
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new RangeError("a TCP server has a port");
  return bound.port;
}

function listenError({ host, port }: ListenAddress, cause: unknown): BrokerError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  if (code === "EADDRINUSE") {
    return new BrokerError(
      "PORT_IN_USE",
      `expected port ${port} to be free, but something listens on ${host}:${port} already; is another controller running? choose another with --mqtt-port`,
      { cause },
    );
  }
  return new BrokerError(
    "LISTEN_FAILED",
    `expected to listen on ${host}:${port} for MQTT, got ${code}`,
    {
      cause,
    },
  );
}
