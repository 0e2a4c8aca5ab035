import {
  ApiKey,
  ApiKeyCreated,
  ApiKeyList,
  ApiKeyRequest,
  AuditPage,
  ClaimCreated,
  ClaimList,
  ClaimRequest,
  Deployment,
  DeploymentList,
  DeploymentRequest,
  Device,
  DeviceChange,
  DeviceList,
  EnrolRequest,
  EnrolResponse,
  Maintenance,
  MaintenanceList,
  MaintenanceRequest,
  Problem,
  Refusals,
  Release,
  ReleaseList,
  Rollout,
  RolloutAbort,
  RolloutDeviceList,
  RolloutEventPage,
  RolloutExplanation,
  RolloutList,
  RolloutPreview,
  RolloutRequest,
  RolloutVerb,
  TelemetryAnswer,
  Webhook,
  WebhookCreated,
  WebhookDelivery,
  WebhookDeliveryList,
  WebhookList,
  WebhookRequest,
} from "@modelfleet/protocol";
import type { INestApplication } from "@nestjs/common";
import {
  DocumentBuilder,
  type OpenAPIObject,
  type SwaggerDocumentOptions,
  SwaggerModule,
} from "@nestjs/swagger";

import { routes } from "./http-module.ts";
import { revealParameters } from "./reveal-parameters.ts";

/** Schemas that have a name of their own in the document; all others stand where they are used. */
const named = new Map<unknown, string>(
  Object.entries({
    AuditPage,
    ApiKey,
    ApiKeyCreated,
    ApiKeyList,
    ApiKeyRequest,
    ClaimCreated,
    ClaimList,
    ClaimRequest,
    Deployment,
    DeploymentList,
    DeploymentRequest,
    Device,
    DeviceChange,
    DeviceList,
    EnrolRequest,
    EnrolResponse,
    Maintenance,
    MaintenanceList,
    MaintenanceRequest,
    Problem,
    Refusals,
    Release,
    ReleaseList,
    Rollout,
    RolloutAbort,
    RolloutDeviceList,
    RolloutEventPage,
    RolloutExplanation,
    RolloutList,
    RolloutPreview,
    RolloutRequest,
    RolloutVerb,
    TelemetryAnswer,
    Webhook,
    WebhookCreated,
    WebhookDelivery,
    WebhookDeliveryList,
    WebhookList,
    WebhookRequest,
  }).map(([name, schema]) => [schema, name]),
);

type Convert = NonNullable<SwaggerDocumentOptions["standardSchemaConverter"]>;

/** The API in OpenAPI 3.1, read off the routes and the contract's schemas. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const frame = new DocumentBuilder()
    .setOpenAPIVersion("3.1.0")
    .setTitle("ModelFleet")
    .setDescription("Signed machine-learning models for fleets of edge devices.")
    .setVersion("1")
    .setLicense("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")
    .addBearerAuth({
      type: "http",
      scheme: "bearer",
      description: "An API key, or a token of the identity provider.",
    })
    .addBasicAuth({ type: "http", scheme: "basic", description: "A device's id and secret." })
    .addGlobalResponse({
      status: "default",
      description: "Every failure (RFC 9457).",
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
    })
    .build();
  revealParameters(routes);
  const document = SwaggerModule.createDocument(app, frame, {
    standardSchemaConverter: convert,
    operationIdFactory: (controller, method) => `${controller.replace(/Routes$/, "")}.${method}`,
  });
  const schemas = { ...document.components?.schemas, Problem: jsonSchema(Problem, "output") };
  return { ...document, components: { ...document.components, schemas } };
}

const convert: Convert = (schema, { schemaType }) => {
  const body = jsonSchema(schema, schemaType);
  const name = named.get(schema);
  if (name === undefined) return { schema: body };
  return { schema: { $ref: `#/components/schemas/${name}` }, components: { [name]: body } };
};

function jsonSchema(schema: unknown, side: "input" | "output") {
  const { $schema: _dialect, ...body } = (schema as Described)["~standard"].jsonSchema[side]({
    target: "draft-2020-12",
  });
  return body;
}

/** What Zod 4 offers of Standard JSON Schema. */
interface Described {
  readonly "~standard": {
    readonly jsonSchema: Readonly<
      Record<"input" | "output", (options: { readonly target: string }) => Record<string, unknown>>
    >;
  };
}
