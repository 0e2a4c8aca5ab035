import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A TCP connection to the broker, for bytes no client library would send. */
export async function rawConnection(port: number): Promise<AsyncDisposable & { socket: Socket }> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => undefined);
  socket.resume();
  await once(socket, "connect");
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      if (!socket.closed) await once(socket, "close");
    },
  };
}

/** A packet's fixed header: type and flags, then the length of what should follow (MQTT 3.1.1, 2.2). */
export function fixedHeader(firstByte: number, bodyBytes: number): Buffer {
  const digits: number[] = [];
  let rest = bodyBytes;
  do {
    digits.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from([firstByte, ...digits]);
}

/** A CONNECT with these names, in the form of MQTT 3.1.1. */
export function connectPacket(clientId: string, secret: string, padding = 0): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, "utf8");
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  };
  const body = Buffer.concat([
    text("MQTT"),
    Buffer.from([4, 0b1100_0010, 0, 30]),
    text(clientId),
    text(clientId),
    text(secret + " ".repeat(padding)),
  ]);
  return Buffer.concat([fixedHeader(0x10, body.length), body]);
}

export function publishPacket(topic: string, payload: Buffer): Buffer {
  const name = Buffer.from(topic, "utf8");
  const body = Buffer.concat([Buffer.from([name.length >> 8, name.length & 0xff]), name, payload]);
  return Buffer.concat([fixedHeader(0x30, body.length), body]);
}
