import { gzipSync } from "node:zlib";

/** Requests as clients of other servers put them on the wire; `simple` has inputs FP32 [1,2] and BYTES [N]. */
export type RecordedRequest = {
  readonly client: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
};

const floats = Buffer.from(Float32Array.of(0.5, -2).buffer);
const texts = Buffer.concat([text("né"), text("")]);

/** NVIDIA's Python client: every tensor binary, a version in the path, an id, one of the outputs. */
export const tritonPython: RecordedRequest = {
  client: "tritonclient.http",
  path: "/v2/models/simple/versions/1.0.0/infer",
  ...binary(
    {
      id: "my request id",
      parameters: {
        sequence_id: 42,
        sequence_start: true,
        sequence_end: false,
        priority: 1,
        timeout: 5_000_000,
      },
      inputs: [
        {
          name: "INPUT0",
          shape: [1, 2],
          datatype: "FP32",
          parameters: { binary_data_size: floats.length },
        },
        {
          name: "INPUT1",
          shape: [2],
          datatype: "BYTES",
          parameters: { binary_data_size: texts.length },
        },
      ],
      outputs: [{ name: "OUTPUT1", parameters: { binary_data: true } }],
    },
    [floats, texts],
    ["Accept-Encoding: gzip", "User-Agent: python-geventhttpclient-2.0"],
  ),
};

/** The same with no outputs named: then the client asks for all of them as binary data. */
export const tritonAllOutputs: RecordedRequest = {
  client: "tritonclient.http, every output",
  path: "/v2/models/simple/infer",
  ...binary(
    {
      inputs: [
        { name: "INPUT0", shape: [1, 2], datatype: "FP32", data: [0.5, -2] },
        {
          name: "INPUT1",
          shape: [2],
          datatype: "BYTES",
          parameters: { binary_data_size: texts.length },
        },
      ],
      parameters: { binary_data_output: true },
    },
    [texts],
  ),
};

/** KServe's Python client: JSON, rows nested or not. */
export const kserve: RecordedRequest = {
  client: "kserve InferenceRESTClient",
  path: "/v2/models/simple/infer",
  ...json({
    id: "d3f5ba3d-7a34-4f0a-ae53-6bd9a2f2cba5",
    inputs: [
      { name: "INPUT0", shape: [1, 2], datatype: "FP32", data: [[0.5, -2]] },
      { name: "INPUT1", shape: [2], datatype: "BYTES", data: ["né", ""] },
    ],
    outputs: [{ name: "OUTPUT0" }, { name: "OUTPUT1" }],
  }),
};

/** What a client sends that was told to compress its requests. */
export const compressed: RecordedRequest = {
  ...kserve,
  client: "tritonclient.http, request_compression_algorithm gzip",
  headers: ["Content-Type: application/json", "Content-Encoding: gzip"],
  body: gzipSync(kserve.body),
};

/** The recorded request after one change of its JSON. */
export function changed(
  { body, ...rest }: RecordedRequest,
  change: (request: Record<string, unknown>) => void,
): RecordedRequest {
  const request = JSON.parse(body.toString()) as Record<string, unknown>;
  change(request);
  return { ...rest, body: Buffer.from(JSON.stringify(request)) };
}

function binary(
  request: object,
  tensors: readonly Buffer[],
  more: readonly string[] = [],
): Pick<RecordedRequest, "headers" | "body"> {
  const head = Buffer.from(JSON.stringify(request));
  return {
    headers: [
      "Content-Type: application/octet-stream",
      `Inference-Header-Content-Length: ${head.length}`,
      ...more,
    ],
    body: Buffer.concat([head, ...tensors]),
  };
}

function json(request: object): Pick<RecordedRequest, "headers" | "body"> {
  return {
    headers: ["Content-Type: application/json", "Accept: */*"],
    body: Buffer.from(JSON.stringify(request)),
  };
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}
