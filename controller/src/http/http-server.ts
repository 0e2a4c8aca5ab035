import { apiLimits, CodedError } from "@modelfleet/protocol";
import type { NestFastifyApplication } from "@nestjs/platform-fastify";
import { type AppOptions, createApp } from "./create-app.ts";
import { serveDocs } from "./serve-docs.ts";

/** The REST API could not begin; nothing was changed. */
export class ListenError extends CodedError<"PORT_IN_USE" | "LISTEN_FAILED"> {}

export interface HttpServerOptions extends AppOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
}

/** @throws ListenError */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const app = await createApp(options);
  serveDocs(app);
  const port = await listen(app, options);
  return { port, [Symbol.asyncDispose]: () => close(app) };
}

async function listen(app: NestFastifyApplication, { host, port }: HttpServerOptions) {
  try {
    await app.listen(port, host);
  } catch (cause) {
    await app.close();
    throw listenError({ host, port }, cause);
  }
  const address = app.getHttpServer().address();
  if (address === null || typeof address === "string") {
    throw new RangeError("a TCP server has a port");
  }
  return address.port;
}

/** Takes no new request, gives the running ones a moment, and then cuts them: devices resume their downloads. */
async function close(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer();
  const patience = setTimeout(() => server.closeAllConnections(), apiLimits.closeMsMax);
  await app.close();
  clearTimeout(patience);
}

function listenError(at: { readonly host: string; readonly port: number }, cause: unknown) {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  if (code === "EADDRINUSE") {
    return new ListenError(
      "PORT_IN_USE",
      `expected port ${at.port} to be free, but something listens on ${at.host}:${at.port} already; is another controller running? choose another with --http-port`,
      { cause },
    );
  }
  return new ListenError(
    "LISTEN_FAILED",
    `expected to listen on ${at.host}:${at.port}, got ${code}`,
    {
      cause,
    },
  );
}
