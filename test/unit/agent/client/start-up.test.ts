import { expect, test } from "vitest";
import { loadedFrom } from "../../house/loaded-modules.ts";

test("an application that loads the client loads none of the supervisor, and no schemas", () => {
  const { files, packages } = loadedFrom("agent/src/client/index.ts");

  const foreign = [...files].filter((path) => !/agent\/src\/(client|wire)\//.test(path));
  expect(foreign).toEqual([]);
  expect([...packages].sort()).toEqual([
    "@modelfleet/protocol/device-limits",
    "@modelfleet/protocol/errors",
    "node:http",
    "node:timers/promises",
  ]);
});
