import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Sends these bytes and returns everything that comes back until the server closes. */
export async function rawHttp(url: string, bytes: string): Promise<string> {
  const socket = await openRaw(url);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.write(bytes);
  await once(socket, "close");
  return Buffer.concat(chunks).toString("utf8");
}

export async function openRaw(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}
