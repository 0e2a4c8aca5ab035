import {
  Bundle,
  decodeEnvelope,
  encodeBase64,
  HelloMessage,
  VerifyError,
} from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { contextOf } from "../context.ts";
import { readEnvelopeFile } from "../root-file.ts";
import type { Terminal } from "../terminal.ts";
import { writeBundle } from "../write-bundle.ts";

export interface ExportBundleOptions extends ApiOptions {
  readonly hello?: string;
  readonly out: string;
}

export async function exportBundle(
  terminal: Terminal,
  device: string,
  options: ExportBundleOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const bundle = await context.api.call({
    method: "POST",
    path: `/v1/devices/${encodeURIComponent(device)}/bundle`,
    answer: Bundle,
    json: options.hello === undefined ? {} : await readHello(options.hello),
  });
  await writeBundle(context, bundle, options.out);
  const { seq, releases, files } = bundle;
  const written = { device, seq, folder: options.out, releases: releases.length };
  context.answer({ ...written, files: files.length }, () => options.out);
  if (context.json) return;
  terminal.err(`next, on the device: modelfleet agent apply ${options.out} --data DATA\n`);
}

/** The controller verifies it; here it is only read for the root the device holds. */
async function readHello(path: string): Promise<{ hello: string; rootVersion: number }> {
  const bytes = await readEnvelopeFile(path);
  try {
    const text = new TextDecoder().decode(decodeEnvelope(bytes).payload);
    const { rootVersion } = HelloMessage.pick({ rootVersion: true }).parse(JSON.parse(text));
    return { hello: encodeBase64(bytes), rootVersion };
  } catch (cause) {
    const why = cause instanceof VerifyError ? cause.message : "its payload is none";
    throw new CliError("FILE", `${path}: expected the hello of a device: ${why}`, { cause });
  }
}
