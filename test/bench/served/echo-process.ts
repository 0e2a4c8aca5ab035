import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";

export type EchoProcess = Disposable & {
  /** Resolves when as many bytes have come back. One at a time. */
  readonly send: (bytes: Uint8Array) => Promise<void>;
};

/** A Node process started as a runner is, that gives back what it is sent: what no program of this shape is faster than. */
export async function echoProcess(): Promise<EchoProcess> {
  const program = fileURLToPath(new URL("echo.ts", import.meta.url));
  const child = spawn(process.execPath, ["--no-warnings", program], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const socket = child.stdio[3];
  if (!(socket instanceof Duplex)) throw new TypeError("expected a socket to the process");
  const send = (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      let missing = bytes.length;
      const take = (chunk: Buffer) => {
        missing -= chunk.length;
        if (missing > 0) return;
        socket.off("data", take).off("close", ended);
        resolve();
      };
      const ended = () => reject(new Error("the echo has ended"));
      socket.on("data", take).once("close", ended);
      socket.write(bytes);
    });
  await send(new Uint8Array(1));
  return { send, [Symbol.dispose]: () => child.kill() };
}
