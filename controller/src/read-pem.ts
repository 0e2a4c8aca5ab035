import { readFile, stat } from "node:fs/promises";
import { certificateLimits } from "@modelfleet/protocol";
import { ConfigError } from "./config-error.ts";

/** @throws ConfigError naming the flag and the file */
export async function readPem(flag: string, path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    const { pemBytesMax } = certificateLimits;
    if (size <= pemBytesMax) return await readFile(path, "utf8");
    throw new ConfigError("CONFIG", `${flag}: expected at most ${pemBytesMax} bytes in ${path}`);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const came = cause instanceof Error && "code" in cause ? String(cause.code) : "nothing";
    throw new ConfigError("CONFIG", `${flag}: expected a PEM file, got ${came} from ${path}`, {
      cause,
    });
  }
}
