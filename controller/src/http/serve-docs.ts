import type { NestFastifyApplication } from "@nestjs/platform-fastify";
import { SwaggerModule } from "@nestjs/swagger";
import { describeApi } from "./describe-api.ts";

/** The page for people at /docs and the document for programs at /docs/openapi.json; nothing comes from outside. */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup("docs", app, describeApi(app), {
    jsonDocumentUrl: "docs/openapi.json",
    raw: ["json"],
    customSiteTitle: "ModelFleet API",
    swaggerOptions: { validatorUrl: null },
  });
}
