import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { runnerLimits, serveLimits } from "@modelfleet/protocol";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";
import { BodyRoom } from "./body-room.ts";
import { answerDeferral, type DeferOptions } from "./defer.ts";
import { answerDenial } from "./deny.ts";
import { errorAnswer } from "./error-answer.ts";
import { answerFeedback, type FeedbackOptions } from "./feedback.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { isKnownError } from "./is-known-error.ts";
import { listenLoopback, listenUnix } from "./listen.ts";
import {
  answerIndex,
  answerInfer,
  answerPlain,
  type OpenInferenceOptions,
} from "./open-inference.ts";
import { methodOf, parseRoute, type Route } from "./parse-route.ts";
import { readBody } from "./read-body.ts";
import { refuseForeignPage } from "./refuse-foreign-page.ts";
import { answerLock, type LockOptions } from "./update-lock-route.ts";

export interface LocalApiOptions
  extends OpenInferenceOptions,
    DeferOptions,
    LockOptions,
    FeedbackOptions {
  readonly socketPath: string;
  /** Loopback TCP as well, on this port; 0 is any. Absent: the Unix socket alone. */
  readonly tcpPort?: number;
  /** Told of every error that is a defect of ours. */
  readonly onDefect: (error: unknown) => void;
  /** Largest body taken; `serveLimits.requestBytesMax` when absent. */
  readonly requestBytesMax?: number;
  /** All bodies together; `serveLimits.bodyBytesHeldMax` when absent. */
  readonly bodyBytesHeldMax?: number;
}

/** Of an answer that is copied into one write with its head. */
const WHOLE_BYTES_MAX = 16_384;

const knownPaths =
  "expected /v2/models/{model}[/versions/{version}][/ready, /infer or /feedback], /v2/health/live or /ready, " +
  "/v2/repository/index, /v2/modelfleet/status, /lock or /slots/{slot}/defer or /deny, /metrics or /v2";

/** What one request is answered with. */
interface Answering extends LocalApiOptions {
  readonly room: BodyRoom;
  /** Over TCP, where a web page may ask as well. */
  readonly isLoopback: boolean;
}

export interface LocalApi extends AsyncDisposable {
  readonly socketPath: string;
  readonly tcpPort: number | undefined;
}

/**
 * The Open Inference Protocol v2 for the applications of this device.
 *
 * @throws ListenError
 */
export async function startLocalApi(options: LocalApiOptions): Promise<LocalApi> {
  const answering = { ...options, room: new BodyRoom(options.bodyBytesHeldMax) };
  const unix = openServer({ ...answering, isLoopback: false });
  await listenUnix(unix, options.socketPath);
  if (options.tcpPort === undefined) return running(options.socketPath, [unix], undefined);
  const tcp = openServer({ ...answering, isLoopback: true });
  try {
    const tcpPort = await listenLoopback(tcp, options.tcpPort);
    return running(options.socketPath, [unix, tcp], tcpPort);
  } catch (error) {
    await close(unix);
    throw error;
  }
}

function running(
  socketPath: string,
  servers: readonly Server[],
  tcpPort: number | undefined,
): LocalApi {
  return {
    socketPath,
    tcpPort,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map(close));
    },
  };
}

function openServer(answering: Answering): Server {
  const server = createServer({
    maxHeaderSize: serveLimits.headerBytesMax,
    requestTimeout: serveLimits.requestMsMax,
    keepAliveTimeout: serveLimits.requestMsMax,
  });
  server.maxConnections = serveLimits.connectionsMax;
  server.on("request", (request, response) => {
    void answer(request, answering).then((result) => {
      answering.room.release(request);
      write(response, result);
    });
  });
  return server;
}

/** Lets the requests that run finish, as a swap does. */
function close(server: Server): Promise<void> {
  const alarm = setTimeout(() => server.closeAllConnections(), runnerLimits.drainMsMax);
  return new Promise((resolve) => {
    server.close(() => {
      clearTimeout(alarm);
      resolve();
    });
  });
}

async function answer(request: IncomingMessage, options: Answering): Promise<HttpAnswer> {
  try {
    if (options.isLoopback) refuseForeignPage(request);
    return await route(request, options);
  } catch (error) {
    if (!isKnownError(error)) options.onDefect(error);
    return errorAnswer(error);
  }
}

async function route(request: IncomingMessage, options: Answering): Promise<HttpAnswer> {
  const [path = ""] = (request.url ?? "").split("?");
  const found = parseRoute(path);
  if (found === undefined) {
    const said =
      (await answerDeferral(path, request, options)) ??
      (await answerDenial(path, request, options)) ??
      (await answerLock(path, request, options));
    if (said !== undefined) return said;
    throw new RequestRefused("NOT_FOUND", `${knownPaths}, got ${path.slice(0, 128)}`);
  }
  refuseMethod(request, methodOf[found.kind]);
  if (found.kind === "infer") return await infer(found, request, options);
  if (found.kind === "feedback") return await answerFeedback(found, request, options);
  if (found.kind !== "repository-index") return await answerPlain(found, options);
  const limits = { bytesMax: serveLimits.indexBytesMax, room: options.room };
  return await answerIndex(await readBody(request, limits), options);
}

async function infer(
  route: Extract<Route, { readonly kind: "infer" }>,
  request: IncomingMessage,
  options: Answering,
): Promise<HttpAnswer> {
  const bytesMax = options.requestBytesMax ?? serveLimits.requestBytesMax;
  const bytes = await readBody(request, { bytesMax, room: options.room });
  const headerLength = request.headers["inference-header-content-length"];
  if (Array.isArray(headerLength)) {
    throw new RequestRefused("FORMAT", "Inference-Header-Content-Length: expected it once");
  }
  const { model, version } = route;
  // Who has left has ended the connection too.
  const isUnwanted = () => request.socket.destroyed;
  return await answerInfer({ model, version, isUnwanted }, { bytes, headerLength }, options);
}

function refuseMethod({ method }: IncomingMessage, allowed: "GET" | "POST"): void {
  if (method === allowed) return;
  throw new RequestRefused("METHOD", `expected the method ${allowed}, got ${method ?? "none"}`);
}

function write(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  const length = body.reduce((sum, part) => sum + part.length, 0);
  // The rest of a body that is refused is not worth reading, only to reuse its connection.
  const connection = response.req.complete ? {} : { connection: "close" };
  response.writeHead(status, { ...headers, ...connection, "content-length": String(length) });
  if (length <= WHOLE_BYTES_MAX) {
    // Head and a text leave in one write, and latin1 keeps every byte as it is; a body of bytes would be a write of its own.
    response.end(Buffer.concat(body).toString("latin1"), "latin1");
    return;
  }
  response.cork();
  for (const part of body) response.write(part);
  response.end();
}
