import type { Selector } from "./selector.ts";

/** Names of the fields that a selector asks for, each once. */
export function selectedFields(selector: Selector): readonly string[] {
  return [...new Set(fieldsOf(selector))];
}

function fieldsOf(selector: Selector): readonly string[] {
  switch (selector.kind) {
    case "all":
      return [];
    case "and":
    case "or":
      return selector.parts.flatMap(fieldsOf);
    case "equals":
    case "in":
    case "order":
      return [selector.field];
  }
}
