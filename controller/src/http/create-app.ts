import "reflect-metadata";
import { apiLimits, blobLimits, claimLimits, documentLimits } from "@modelfleet/protocol";
import type { NestApplicationOptions } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import type { FastifyAdapter, NestFastifyApplication } from "@nestjs/platform-fastify";
import { ColonAdapter } from "./colon-adapter.ts";
import type { HttpReply } from "./exchange.ts";
import { type HttpServices, httpModule } from "./http-module.ts";
import { helmet } from "./plugins.ts";
import { answerProblem, ProblemFilter } from "./problems/problem-filter.ts";
import { refuseMalformed } from "./problems/refuse-malformed.ts";
import { requestValidation } from "./problems/request-validation.ts";
import { toProblem } from "./problems/to-problem.ts";
import { requireTls } from "./require-tls.ts";

export interface AppOptions {
  readonly services: HttpServices;
  /** Whose X-Forwarded-For and X-Forwarded-Proto are believed; nobody's when it is not named. */
  readonly trustedProxies?: readonly string[];
  /** Told of a failure nobody expected; the answer has been given then. */
  readonly onDefect: (error: unknown) => void;
}

/** Its declared type is a class that cannot be constructed: a value made elsewhere is one by its shape. */
const nestOptions: Omit<NestApplicationOptions, never> = {
  logger: false,
  abortOnError: false,
  bodyParser: false,
};

/** The REST API, wired and not yet listening. */
export async function createApp(options: AppOptions): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    httpModule(options.services),
    createAdapter(options.trustedProxies ?? []),
    nestOptions,
  );
  app.useGlobalPipes(requestValidation());
  app.useGlobalFilters(new ProblemFilter(options.onDefect));
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
        imgSrc: ["'self'", "data:"],
        // The page at /docs sets styles from its script.
        styleSrc: ["'self'", "'unsafe-inline'"],
      },
    },
    xFrameOptions: { action: "deny" },
    // Only over TLS: `requireTls`.
    strictTransportSecurity: false,
  });
  return app;
}

function createAdapter(trustedProxies: readonly string[]): FastifyAdapter {
  const adapter = new ColonAdapter({
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    bodyLimit: apiLimits.jsonBytesMax,
    requestTimeout: apiLimits.requestMsMax,
    connectionTimeout: apiLimits.idleMsMax,
    http: { maxHeaderSize: apiLimits.headerBytesMax, headersTimeout: apiLimits.headersMsMax },
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 128 },
    // Refused before any route is found, so no filter sees it.
    frameworkErrors: (error: Error, request: { readonly url: string }, reply: unknown) =>
      answerProblem(request, reply as HttpReply, toProblem(error)),
    clientErrorHandler: refuseMalformed,
    multipart: {
      // Every part is a stream: none is buffered or parsed before a use case asks for it.
      isPartAFile: () => true,
      limits: {
        fieldNameSize: 300,
        files: documentLimits.filesPerReleaseMax + 1,
        parts: documentLimits.filesPerReleaseMax + 1,
        fileSize: blobLimits.blobBytesMax,
        headerPairs: 16,
      },
    },
  });
  const instance = adapter.getInstance();
  instance.removeContentTypeParser("text/plain");
  instance.addHook("onSend", requireTls);
  instance.addHook("onRoute", (route) => {
    if (route.url === "/v1/enrol") route.bodyLimit = claimLimits.requestBytesMax;
  });
  return adapter;
}
