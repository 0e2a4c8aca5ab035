import { createPrivateKey, type KeyObject } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  type Capture,
  type CapturedTensor,
  captureLimits,
  elementTypes,
  FormatError,
  openCapture,
} from "@modelfleet/protocol";
import { CliError } from "../cli-error.ts";
import { readPassphrase } from "../key-access.ts";
import type { KeyOptions } from "../key-options.ts";
import { localContext } from "../local-context.ts";
import { npyOf } from "../npy.ts";
import { readSmallFile } from "../read-small-file.ts";
import type { Terminal } from "../terminal.ts";

export interface OpenCapturesOptions extends KeyOptions {
  readonly key: string;
  readonly out: string;
}

const keyBytesMax = 16_384;
/** A record, its header and what seals it. */
const fileBytesMax = captureLimits.recordBytesMax + 1024 * 1024;

/** Stops at the first that cannot be opened; what was written before stays. */
export async function openCaptures(
  terminal: Terminal,
  files: readonly string[],
  options: OpenCapturesOptions,
): Promise<void> {
  const context = localContext(terminal, options);
  const key = await readKey(terminal, options);
  await inFolder(options.out, () => mkdir(options.out, { recursive: true, mode: 0o700 }));
  const opened: OpenedCapture[] = [];
  for (const path of files) opened.push(await openOne(path, key, options.out));
  context.answer(opened, () =>
    opened
      .map(({ folder, device, model, version, atMs }) => {
        const at = new Date(atMs).toISOString();
        return `${folder}  ${device}  ${model} ${version}  ${at}`;
      })
      .join("\n"),
  );
}

type OpenedCapture = { readonly folder: string } & Pick<
  Capture["header"],
  "policy" | "device" | "model" | "version" | "atMs" | "id"
>;

async function openOne(path: string, key: KeyObject, out: string): Promise<OpenedCapture> {
  const capture = openFile(path, await readSmallFile(path, fileBytesMax), key);
  const folder = join(out, basename(path).replace(/\.mfcap$/, ""));
  await inFolder(folder, () => writeCapture(folder, capture));
  const { policy, device, model, version, atMs, id } = capture.header;
  return { folder, policy, device, model, version, atMs, id };
}

async function readKey(terminal: Terminal, options: OpenCapturesOptions): Promise<KeyObject> {
  const bytes = Buffer.from(await readSmallFile(options.key, keyBytesMax));
  const key = parseKey(bytes) ?? parseKey(bytes, await passphraseOf(terminal, options, bytes));
  if (key?.asymmetricKeyType === "x25519") return key;
  throw new CliError("FILE", `${options.key}: expected an X25519 private key, PEM or DER`);
}

async function passphraseOf(
  terminal: Terminal,
  options: OpenCapturesOptions,
  bytes: Buffer,
): Promise<string | undefined> {
  if (!bytes.includes("BEGIN ENCRYPTED PRIVATE KEY")) return undefined;
  return readPassphrase(terminal, options, `passphrase of ${options.key}: `);
}

function parseKey(bytes: Buffer, passphrase?: string): KeyObject | undefined {
  const isPem = bytes.includes("-----BEGIN");
  const secret = passphrase === undefined ? {} : { passphrase };
  const form = isPem ? ({ format: "pem" } as const) : ({ format: "der", type: "pkcs8" } as const);
  try {
    return createPrivateKey({ key: bytes, ...form, ...secret });
  } catch {
    return undefined; // No key, or not under this passphrase: the caller says so.
  }
}

function openFile(path: string, bytes: Uint8Array, key: KeyObject): Capture {
  try {
    return openCapture(bytes, key);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new CliError("FILE", `${path}: ${cause.message}`, { cause });
  }
}

/** Names of tensors come from outside and name no files. */
async function writeCapture(folder: string, { header, tensors }: Capture): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const named = header.tensors.map((spec, i) => {
    const bytes = tensors[i] ?? new Uint8Array();
    const npy = isWhole(spec) ? npyOf(spec.dtype, spec.shape, bytes) : null;
    const file = `${spec.role}-${i}.${npy === null ? "bin" : "npy"}`;
    return { spec: { ...spec, file }, content: npy ?? bytes };
  });
  for (const { spec, content } of named) await writeFile(join(folder, spec.file), content);
  const json = { ...header, tensors: named.map(({ spec }) => spec) };
  await writeFile(join(folder, "capture.json"), `${JSON.stringify(json, null, 2)}\n`);
}

/** Whether its bytes are what its shape says; a device that lies gets no array of it. */
function isWhole({ dtype, shape, bytes }: CapturedTensor): boolean {
  if (dtype === "string") return false;
  const elements = shape.reduce((product, size) => product * size, 1);
  return elements * elementTypes[dtype].bytes === bytes;
}

async function inFolder(path: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    const why = cause.code === "EEXIST" ? "it is there already" : cause.message;
    throw new CliError("FILE", `${path}: cannot be written: ${why}`, { cause });
  }
}
