import { expect, test } from "vitest";
import { openApiDocument } from "../../controller/src/http/openapi-document.ts";
import { startInProcess } from "../support/http/test-controller.ts";

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly security?: readonly object[];
  readonly requestBody?: object;
  readonly parameters?: readonly { readonly name: string }[];
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const document = (await openApiDocument()) as Document;
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

test("the document is OpenAPI 3.1 and the same every time", async () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(await openApiDocument()).toEqual(document);
});

test("every operation has a name of its own and says how it fails", () => {
  const names = operations.map(({ operationId }) => operationId);

  expect(new Set(names).size).toBe(names.length);
  for (const { responses } of operations) expect(responses).toHaveProperty("default");
});

test("bodies, queries and paths are described by the contract's schemas", () => {
  const at = (path: string, method: string) => document.paths[path]?.[method];

  expect(at("/v1/claims", "post")?.requestBody).toMatchObject({
    required: true,
    content: { "application/json": { schema: { $ref: "#/components/schemas/ClaimRequest" } } },
  });
  expect(at("/v1/telemetry", "get")?.parameters?.map(({ name }) => name)).toEqual([
    "model",
    "version",
    "device",
    "sinceMs",
    "untilMs",
  ]);
  expect(at("/v1/devices/{id}", "patch")?.parameters).toMatchObject([
    { name: "id", in: "path", required: true, schema: { pattern: "^[a-z0-9][a-z0-9-]{2,62}$" } },
  ]);
  expect(at("/v1/device/blobs/{digest}", "get")?.parameters).toHaveLength(1);
});

test("every part of a path is a described parameter", () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { parameters = [] } of Object.values(methods)) {
      expect(
        parameters.map(({ name }) => name),
        path,
      ).toEqual(expect.arrayContaining(names));
    }
  }
});

test("every reference leads to a schema of the document", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, reference = ""]) => reference,
  );

  expect(references.length).toBeGreaterThan(10);
  for (const reference of references) {
    expect(Object.keys(document.components.schemas)).toContain(
      reference.replace("#/components/schemas/", ""),
    );
  }
});

test("operations of the operator want the key, operations of devices their login", () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    const isOpen = path.startsWith("/health") || path === "/v1/enrol";
    const scheme = path.startsWith("/v1/device/") ? "basic" : "bearer";
    for (const { security } of Object.values(methods)) {
      expect(security, path).toEqual(isOpen ? undefined : [{ [scheme]: [] }]);
    }
  }
});

test("the running controller shows the same document", async () => {
  await using controller = await startInProcess();

  const shown = await (await controller.fetch("/docs/openapi.json")).json();

  expect(shown).toEqual(JSON.parse(JSON.stringify(document)));
});
