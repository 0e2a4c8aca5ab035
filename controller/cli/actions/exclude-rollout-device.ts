import { z } from "zod";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { rolloutDevicePath } from "../rollout-paths.ts";
import type { Terminal } from "../terminal.ts";

export interface ExcludeDeviceOptions extends ApiOptions {
  readonly reason: string;
}

export async function excludeRolloutDevice(
  terminal: Terminal,
  { id, device }: { readonly id: string; readonly device: string },
  options: ExcludeDeviceOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const path = `${rolloutDevicePath(id, device)}:exclude`;
  const json = { reason: options.reason };
  await context.api.call({ method: "POST", path, answer: z.undefined(), json });
  context.answer(
    { rollout: id, device },
    () => `${device} is out of rollout ${id}, and goes on with what it runs`,
  );
}
