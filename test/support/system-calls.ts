import { readFile } from "node:fs/promises";

/** What a process and its children did to the world outside, read from a file written by `strace -f -y -o`. */
export type SystemCalls = {
  /** Absolute paths opened for writing, created, renamed, linked or removed; successful calls only. */
  readonly written: readonly string[];
  /** `unix:PATH` or `ip:ADDRESS:PORT` of every connect and bind, also of those that failed. */
  readonly sockets: readonly string[];
};

/** The system calls a test has to see: `strace -e trace=` takes this list. */
export const WATCHED_CALLS =
  "openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,connect,bind,sendto,sendmsg";

const WRITING_FLAGS = /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND/;
const CHANGING_CALL =
  /^(?:creat|mkdir|mkdirat|rename|renameat2?|link|linkat|symlink|symlinkat|unlink|unlinkat)\(/;

export async function readSystemCalls(path: string): Promise<SystemCalls> {
  const lines = (await readFile(path, "utf8"))
    .split("\n")
    .map((line) => line.replace(/^\d+\s+/, ""));
  return { written: lines.flatMap(writtenPaths), sockets: lines.flatMap(socketAddresses) };
}

function writtenPaths(line: string): string[] {
  if (/= -1 /.test(line)) return [];
  const isOpen = /^open(?:at)?\(/.test(line) && WRITING_FLAGS.test(line);
  if (!isOpen && !CHANGING_CALL.test(line)) return [];
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)]
    .map((match) => match[1] ?? "")
    .filter((name) => name.startsWith("/"));
}

function socketAddresses(line: string): string[] {
  if (!/^(?:connect|bind|sendto|sendmsg)\(/.test(line)) return [];
  const unix = /sun_path=(@?"[^"]*")/.exec(line)?.[1];
  if (unix !== undefined) return [`unix:${unix.replaceAll('"', "")}`];
  const port = /sin6?_port=htons\((\d+)\)/.exec(line)?.[1];
  const address = /inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/.exec(line);
  if (port === undefined || address === null) return [];
  return [`ip:${address[1] ?? address[2] ?? "?"}:${port}`];
}
