import { expect, test } from "vitest";
import { openApiDocument } from "../../controller/src/http/openapi-document.ts";
import { startInProcess } from "../support/http/test-controller.ts";

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly security?: readonly object[];
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
