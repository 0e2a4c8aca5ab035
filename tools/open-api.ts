import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { json } from "./json.ts";
import type { GeneratedFile } from "./target-catalog.ts";

/** The REST API as the built controller describes itself; its decorators need the compiler, so not from source. */
export async function openApiFile(root: string): Promise<GeneratedFile> {
  const path = join(root, "controller/dist/src/http/openapi-document.js");
  const built: unknown = await import(pathToFileURL(path).href);
  if (!describesItself(built)) throw new TypeError(`expected openApiDocument in ${path}`);
  return { path: "controller/openapi.json", text: json(await built.openApiDocument()) };
}

interface BuiltController {
  readonly openApiDocument: () => Promise<object>;
}

function describesItself(built: unknown): built is BuiltController {
  return (
    typeof built === "object" &&
    built !== null &&
    "openApiDocument" in built &&
    typeof built.openApiDocument === "function"
  );
}
