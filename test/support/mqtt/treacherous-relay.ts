import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import mqttPacket from "mqtt-packet";

export type TreacherousRelay = AsyncDisposable & {
  readonly port: number;
  /** Connections taken since the start. */
  readonly taken: () => number;
  /** Messages that clients have acknowledged since the start. */
  readonly acknowledged: () => number;
  /** Swallows everything in both directions, as a line does that broke without a word; until `false`. */
  readonly swallow: (does: boolean) => void;
  /** Closes every connection as soon as it comes, and those there are; until `false`. */
  readonly refuse: (does: boolean) => void;
  /** Sends bytes to every client as if the broker had. */
  readonly inject: (bytes: Uint8Array) => void;
  /**
   * Sends up to `bytes` of filler, as fast as the client takes it.
   *
   * @returns how many the client's side of the network took before the connection ended, or all
   */
  readonly flood: (bytes: number) => Promise<number>;
};

/** A TCP port in front of a broker that passes everything on until it is told to betray. */
export async function treacherousRelay(targetPort: () => number): Promise<TreacherousRelay> {
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  let taken = 0;
  let acknowledged = 0;
  let isSwallowing = false;
  let isRefusing = false;
  const server = createServer((client) => {
    taken += 1;
    client.on("error", () => undefined);
    if (isRefusing) {
      client.destroy();
      return;
    }
    const target = connect({ host: "127.0.0.1", port: targetPort() });
    clients.add(client);
    client.on("close", () => clients.delete(client));
    const parser = mqttPacket.parser();
    parser.on("packet", ({ cmd }) => {
      if (cmd === "puback") acknowledged += 1;
    });
    client.on("data", (chunk: Buffer) => parser.parse(chunk));
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => undefined);
      from.on("close", () => {
        // A line that broke tells neither side that the other has given up.
        if (!isSwallowing) to.destroy();
      });
      from.on("data", (chunk: Buffer) => {
        if (!isSwallowing) to.write(chunk);
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return {
    port: address.port,
    taken: () => taken,
    acknowledged: () => acknowledged,
    swallow: (does) => {
      isSwallowing = does;
    },
    refuse: (does) => {
      isRefusing = does;
      if (does) for (const client of clients) client.destroy();
    },
    inject: (bytes) => {
      for (const client of clients) client.write(bytes);
    },
    flood: (bytes) => floodInto([...clients][0], bytes),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function floodInto(client: Socket | undefined, bytes: number): Promise<number> {
  if (client === undefined) throw new Error("expected a client to flood, got none");
  const filler = Buffer.alloc(64 * 1_024);
  const before = client.bytesWritten;
  const closed = new Promise((resolve) => client.once("close", resolve));
  let left = bytes;
  while (left > 0 && !client.destroyed) {
    left -= filler.length;
    if (!client.write(filler)) await Promise.race([drained(client), closed]);
  }
  return client.bytesWritten - client.writableLength - before;
}

function drained(client: Socket): Promise<void> {
  return new Promise((resolve) => client.once("drain", () => resolve()));
}
