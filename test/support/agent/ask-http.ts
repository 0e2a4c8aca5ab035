import { type IncomingHttpHeaders, request } from "node:http";

export type HttpQuestion = {
  readonly path: string;
  readonly method?: string;
  /** A JSON value, or the exact bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

export type HttpReply = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as JSON; throws when it is not. */
  readonly json: () => unknown;
};

export type HttpPlace =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number };

/** One request over a Unix socket or TCP, each on a connection of its own. */
export function askHttp(place: HttpPlace, question: HttpQuestion): Promise<HttpReply> {
  const { path, headers, body } = question;
  const method = question.method ?? (body === undefined ? "GET" : "POST");
  return new Promise((resolve, reject) => {
    const sent = request({ ...place, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const json = (): unknown => JSON.parse(bytes.toString());
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, json });
      });
    });
    sent.on("error", reject);
    sent.end(body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
}
