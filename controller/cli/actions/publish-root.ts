import { encodeBase64, RootPublished } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { readEnvelopeFile } from "../root-file.ts";
import type { Terminal } from "../terminal.ts";

/** Puts a complete root in force; the controller judges it as a device would. */
export async function publishRoot(
  terminal: Terminal,
  path: string,
  options: ApiOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const envelope = encodeBase64(await readEnvelopeFile(path));
  const published = await context.api.call({
    method: "POST",
    path: "/v1/roots",
    answer: RootPublished,
    json: { envelope },
  });
  const { root, devices } = published;
  context.answer(
    published,
    () =>
      `root ${root.version} is in force until ${root.expires}; ${devices} connected devices get their orders anew`,
  );
}
