import { request } from "node:http";

export type DeviceAnswer = { readonly status: number; readonly body: unknown };

/** One HTTP request to an agent's Unix socket. */
export function askDevice(socketPath: string, path: string, json?: unknown): Promise<DeviceAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, path, method: json === undefined ? "GET" : "POST" },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({
            status: incoming.statusCode ?? 0,
            body: text === "" ? undefined : JSON.parse(text),
          });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(json === undefined ? undefined : JSON.stringify(json));
  });
}

/** A request for the digits model: one blank picture. */
export const blankDigit = {
  inputs: [
    { name: "x", datatype: "FP32", shape: [1, 784], data: Array.from({ length: 784 }, () => 0) },
  ],
};
