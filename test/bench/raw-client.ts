import { connect, type Socket } from "node:net";
import type { InferBody } from "./infer-client.ts";

/** How many inferences a server answers: clients that cost the least a client can, each asking again once answered. */
export async function rawThroughput(
  socketPath: string,
  { bytes, headerLength }: InferBody,
  { clients, measureMs }: { readonly clients: number; readonly measureMs: number },
): Promise<{ readonly perSecond: number }> {
  const head =
    "POST /v2/models/digits/infer HTTP/1.1\r\nhost: localhost\r\n" +
    `content-length: ${bytes.length}\r\ninference-header-content-length: ${headerLength}\r\n\r\n`;
  const request = Buffer.concat([Buffer.from(head), bytes]);
  let answered = 0;
  const startMs = performance.now();
  const isOver = () => performance.now() - startMs >= measureMs;
  const sockets = Array.from({ length: clients }, () => connect(socketPath));
  await Promise.all(
    sockets.map((socket) => keepAsking(socket, { request, isOver, answered: () => answered++ })),
  );
  const tookMs = performance.now() - startMs;
  return { perSecond: (answered / tookMs) * 1_000 };
}

interface Asking {
  readonly request: Buffer;
  readonly isOver: () => boolean;
  readonly answered: () => void;
}

function keepAsking(socket: Socket, { request, isOver, answered }: Asking): Promise<void> {
  return new Promise((resolve, reject) => {
    let pending: Buffer = Buffer.alloc(0);
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const length = answerLength(pending);
      if (length === undefined || pending.length < length) return;
      if (!pending.subarray(0, 15).equals(OK)) {
        reject(new Error(`expected 200, got ${pending.subarray(0, 200).toString()}`));
        return;
      }
      answered();
      pending = pending.subarray(length);
      if (!isOver()) {
        socket.write(request);
        return;
      }
      socket.destroy();
      resolve();
    });
    socket.write(request);
  });
}

const OK = Buffer.from("HTTP/1.1 200 OK");
const END_OF_HEAD = Buffer.from("\r\n\r\n");

/** Of head and body together; undefined while the head is not whole. */
function answerLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end < 0) return undefined;
  const [, length = "0"] =
    /\r\ncontent-length: (\d+)/i.exec(bytes.toString("latin1", 0, end)) ?? [];
  return end + END_OF_HEAD.length + Number(length);
}
