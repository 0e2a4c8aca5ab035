import { Agent, request } from "node:http";
import type { HttpPlace } from "../support/agent/ask-http.ts";
import { floatTensor } from "../support/agent/floats.ts";

export type InferClient = Disposable & {
  /** One inference with binary tensors. Rejects when it is not answered with 200. */
  readonly infer: (body: InferBody) => Promise<InferAnswer>;
};

export type InferAnswer = { readonly version: string; readonly y: Buffer };
export type InferBody = { readonly bytes: Buffer; readonly headerLength: number };

/** A request for one row, both ways in binary: the least that has to be parsed. */
export function inferBody(row: Float32Array): InferBody {
  const { bytes } = floatTensor("x", [1, row.length], row);
  const head = Buffer.from(
    JSON.stringify({
      inputs: [
        {
          name: "x",
          datatype: "FP32",
          shape: [1, row.length],
          parameters: { binary_data_size: bytes.length },
        },
      ],
      parameters: { binary_data_output: true },
    }),
  );
  return { bytes: Buffer.concat([head, bytes]), headerLength: head.length };
}

/** A client that keeps its connections, as an application on a device does. */
export function inferClient(
  place: HttpPlace,
  connectionsMax: number,
  model = "digits",
): InferClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connectionsMax });
  const common = { ...place, agent, method: "POST", path: `/v2/models/${model}/infer` };
  return {
    infer: ({ bytes, headerLength }) =>
      new Promise((resolve, reject) => {
        const headers = {
          "content-length": bytes.length,
          "inference-header-content-length": headerLength,
        };
        const sent = request({ ...common, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const answer = Buffer.concat(chunks);
            const length = Number(response.headers["inference-header-content-length"]);
            if (response.statusCode === 200) resolve(parseAnswer(answer, length));
            else reject(new Error(`status ${response.statusCode ?? 0}: ${answer.toString()}`));
          });
        });
        sent.on("error", reject);
        sent.end(bytes);
      }),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function parseAnswer(answer: Buffer, headerLength: number): InferAnswer {
  const head: unknown = JSON.parse(answer.toString("utf8", 0, headerLength));
  const { model_version: version } = head as { readonly model_version: string };
  return { version, y: answer.subarray(headerLength) };
}
