import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type BlobAnswer = (request: IncomingMessage, response: ServerResponse) => void;

/** A real HTTP server on 127.0.0.1. The first requests get the planned answers, all later ones the last of them. */
export async function blobServer(answers: readonly BlobAnswer[]) {
  const requests: {
    readonly url: string;
    readonly range: string;
    readonly ifRange: string;
    readonly authorization: string;
  }[] = [];
  const server = createServer((request, response) => {
    const { range = "", authorization = "" } = request.headers;
    const ifRange = request.headers["if-range"] ?? "";
    requests.push({ url: request.url ?? "", range, ifRange: String(ifRange), authorization });
    const answer = answers[Math.min(requests.length, answers.length) - 1];
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The whole content, or the range asked for. */
export function serve(content: Buffer): BlobAnswer {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const part = content.subarray(from);
    const range = `bytes ${from}-${content.length - 1}/${content.length}`;
    response.writeHead(from === 0 ? 200 : 206, {
      "content-length": part.length,
      ...(from === 0 ? {} : { "content-range": range }),
    });
    response.end(part);
  };
}

/** So many bytes, then the connection breaks. */
export function breakAfter(content: Buffer, bytes: number): BlobAnswer {
  return (_, response) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, bytes), () => setImmediate(() => response.destroy()));
  };
}

/** So many bytes, then silence. */
export function stallAfter(content: Buffer, bytes: number): BlobAnswer {
  return (_, response) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, bytes));
  };
}

/** Everything from the start, whatever range was asked for. */
export function ignoreRange(content: Buffer): BlobAnswer {
  return (_, response) => {
    response.writeHead(200);
    response.end(content);
  };
}

export function refuse(status: number): BlobAnswer {
  return (_, response) => {
    response.writeHead(status);
    response.end();
  };
}
