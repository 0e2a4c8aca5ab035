import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { encodeBase64, rawX25519PublicKey } from "@modelfleet/protocol";
import { CliError } from "../cli-error.ts";
import { localContext } from "../local-context.ts";
import type { Terminal } from "../terminal.ts";

export interface NewCaptureKeyOptions {
  readonly out: string;
  readonly json?: boolean;
}

/** Never over another file: with the key go all captures that are sealed to it. */
export async function newCaptureKey(
  terminal: Terminal,
  options: NewCaptureKeyOptions,
): Promise<void> {
  const context = localContext(terminal, options);
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  const pem = privateKey.export({ format: "pem", type: "pkcs8" });
  try {
    await writeFile(options.out, pem, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    throw new CliError("FILE", `${options.out}: cannot be made: ${String(cause)}`, { cause });
  }
  const recipient = encodeBase64(rawX25519PublicKey(publicKey));
  context.answer({ file: options.out, recipient }, () => recipient);
  context.say(`whoever has ${options.out} reads every capture of policies with this recipient`);
}
