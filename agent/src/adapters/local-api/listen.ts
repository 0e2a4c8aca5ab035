import { chmod, lstat, unlink } from "node:fs/promises";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { ListenError } from "./listen-error.ts";

/** `sun_path` of unix(7) holds 108 bytes with its end mark; a longer path would be cut. */
const SOCKET_PATH_BYTES_MAX = 107;
/** Owner and group may send requests, nobody else. */
const SOCKET_MODE = 0o660;

/** @throws ListenError */
export async function listenUnix(server: Server, path: string): Promise<void> {
  const bytes = Buffer.byteLength(path);
  if (bytes > SOCKET_PATH_BYTES_MAX) {
    throw new ListenError(
      "PATH_TOO_LONG",
      `expected a socket path of at most ${SOCKET_PATH_BYTES_MAX} bytes, got ${bytes}: ${path}`,
    );
  }
  await removeStale(path);
  await listening(server, { path });
  await chmod(path, SOCKET_MODE);
}

/** @returns the port, also where 0 asked for any. @throws ListenError */
export async function listenLoopback(server: Server, port: number): Promise<number> {
  await listening(server, { host: "127.0.0.1", port });
  return portOf(server.address());
}

/** A socket file outlives the process that made it. It is removed only when nobody answers there. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(absentIsFine);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new ListenError(
      "NOT_A_SOCKET",
      `expected a socket or nothing at ${path}, got another file`,
    );
  }
  if (await answers(path)) {
    throw new ListenError(
      "IN_USE",
      `another agent listens on ${path}; stop it, or choose another path`,
    );
  }
  await unlink(path).catch(absentIsFine);
}

function absentIsFine(error: unknown): undefined {
  if (hasCode(error, "ENOENT")) return undefined;
  throw error;
}

/** Whether a process has this socket open; one that is too busy to accept counts. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => {
      if (hasCode(error, "ECONNREFUSED") || hasCode(error, "ENOENT")) resolve(false);
      else if (hasCode(error, "EAGAIN")) resolve(true);
      else reject(error);
    });
  });
}

type Place = { readonly path: string } | { readonly host: string; readonly port: number };

function listening(server: Server, place: Place): Promise<void> {
  const name = "path" in place ? place.path : `${place.host}:${place.port}`;
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const isTaken = hasCode(cause, "EADDRINUSE");
      reject(
        isTaken
          ? new ListenError(
              "IN_USE",
              `${name} is in use; stop what listens there, or choose another`,
              { cause },
            )
          : new ListenError("UNAVAILABLE", `cannot listen on ${name}: ${cause.message}`, { cause }),
      );
    });
    server.listen(place, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string")
    throw new TypeError("expected a TCP address");
  return address.port;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
