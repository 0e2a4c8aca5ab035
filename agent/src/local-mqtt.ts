import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { FormatError, LocalMqttFile, localBusLimits, parseStrictJson } from "@modelfleet/protocol";
import type { BrokerTls } from "./adapters/mqtt-bus/connection.ts";
import type { LocalBrokerAccess } from "./adapters/mqtt-bus/local-bus.ts";
import { type BindingPlan, planBindings } from "./domain/binding/binding-plan.ts";
import { readPem } from "./mqtt-tls.ts";

export interface LocalMqttOptions {
  readonly localMqtt?: string;
}

/** A broker on this device or beside it, and what is bound to its topics. */
export interface LocalMqtt {
  readonly access: Omit<LocalBrokerAccess, "clientId"> & { readonly clientId: string | undefined };
  readonly plan: BindingPlan;
}

const OPTION = "--local-mqtt";
const passwordBytesMax = 1_024;

/** @returns undefined where the option is not given. @throws FormatError naming the file and the place in it */
export async function readLocalMqtt({
  localMqtt,
}: LocalMqttOptions): Promise<LocalMqtt | undefined> {
  if (localMqtt === undefined) return undefined;
  const path = resolve(localMqtt);
  const bytes = await readSmall(OPTION, path, localBusLimits.fileBytesMax);
  try {
    const file = parseFile(bytes);
    return { access: await accessOf(file, dirname(path)), plan: planBindings(file) };
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new FormatError(cause.code, `${OPTION} ${path}: ${cause.message}`, { cause });
  }
}

function parseFile(bytes: Uint8Array): LocalMqttFile {
  const json = parseStrictJson(bytes, { bytesMax: localBusLimits.fileBytesMax });
  const parsed = LocalMqttFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = (issue?.path ?? []).reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}.${String(key)}`),
    "",
  );
  const text = issue?.message ?? "expected another content";
  throw new FormatError("FORMAT", `${place.replace(/^\./, "") || "file"}: ${text}`);
}

async function accessOf(file: LocalMqttFile, folder: string): Promise<LocalMqtt["access"]> {
  const { url, version, clientId, username, passwordFile, tls } = file;
  const password =
    passwordFile === undefined ? undefined : await readPassword(resolve(folder, passwordFile));
  return { url, version, clientId, username, password, tls: await readTls(tls, folder) };
}

async function readTls(tls: LocalMqttFile["tls"], folder: string): Promise<BrokerTls | undefined> {
  if (tls === undefined) return undefined;
  const pem = async (key: "ca" | "cert" | "key") => {
    const name = tls[key];
    return name === undefined ? undefined : await readPem(`tls.${key}`, resolve(folder, name));
  };
  return { ca: await pem("ca"), cert: await pem("cert"), key: await pem("key") };
}

async function readPassword(path: string): Promise<string> {
  const bytes = await readSmall("passwordFile", path, passwordBytesMax);
  const [line = ""] = new TextDecoder().decode(bytes).split(/\r?\n/, 1);
  if (line !== "") return line;
  throw new FormatError("FORMAT", `passwordFile: expected a password in the first line of ${path}`);
}

async function readSmall(place: string, path: string, bytesMax: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size <= bytesMax) return await readFile(path);
  } catch (cause) {
    const came = cause instanceof Error ? cause.message : "nothing";
    throw new FormatError("FORMAT", `${place}: expected a file, got: ${came}`, { cause });
  }
  throw new FormatError("SIZE", `${place}: expected at most ${bytesMax} bytes in ${path}`);
}
