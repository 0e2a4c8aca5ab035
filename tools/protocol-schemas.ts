import * as protocol from "@modelfleet/protocol";
import { z } from "zod";
import { asyncApi } from "./async-api.ts";
import { json } from "./json.ts";
import type { GeneratedFile } from "./target-catalog.ts";

/** Where every JSON Schema and the AsyncAPI document lie, in the repository. */
export const schemaFolder = "protocol/schema";

/** JSON Schema 2020-12 of every object, union and enumeration of the contract, one file each; and the topics. */
export function schemaFiles(root: string): readonly GeneratedFile[] {
  const { schemas } = z.toJSONSchema(exportedSchemas(), {
    target: "draft-2020-12",
    // As a reader takes it: fields with a default may be absent, unknown fields are ignored (protocol.md 1.1.10).
    io: "input",
    uri: (id) => `${id}.json`,
  });
  const files = Object.entries(schemas).map(([id, schema]) => file(`${id}.json`, schema));
  return [...files, file("asyncapi.json", asyncApi(root))];
}

/** Scalars like a device id stand inside of what uses them. */
function exportedSchemas() {
  const registry = z.registry<{ id: string }>();
  for (const [name, exported] of Object.entries(protocol)) {
    if (!(exported instanceof z.ZodType)) continue;
    if (!["object", "union", "enum"].includes(exported.def.type)) continue;
    registry.add(exported, { id: kebabCase(name) });
  }
  return registry;
}

/** `HelloMessage` → `hello-message`. */
function kebabCase(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, "-$&").toLowerCase();
}

function file(name: string, content: unknown): GeneratedFile {
  return { path: `${schemaFolder}/${name}`, text: json(content) };
}
