import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Problem } from "@modelfleet/protocol";

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers bytes that are no HTTP request; the connection cannot be used after them. */
export function refuseMalformed(
  error: Error & { readonly code?: string | undefined },
  socket: Duplex,
): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = statuses[error.code ?? ""] ?? 400;
  const title = STATUS_CODES[status] ?? "";
  const problem: Problem = {
    type: "urn:modelfleet:problem:HTTP_MALFORMED",
    title,
    status,
    code: "HTTP_MALFORMED",
    detail: "expected a whole HTTP request with headers within their limit",
  };
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
