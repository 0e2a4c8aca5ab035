import {
  decodeBase64,
  keyLimits,
  type SigningKey,
  verifySignatureNative,
} from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import { type Command, runCommand } from "./run-command.ts";

const SIGNATURE_BYTES = 64;

export interface CommandKeyPlan extends Command {
  readonly name: string;
  readonly publicKey: Uint8Array;
}

/**
 * A key behind a program: the bytes to sign on its stdin; on its stdout the signature, 64 raw bytes or one line of
 * base64. One call at a time, since a card or a module has one session; each signature is verified before it is used.
 */
export function commandKey(plan: CommandKeyPlan): SigningKey {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const signOnce = async (message: Uint8Array): Promise<Uint8Array> => {
    const signature = readSignature(plan.name, await runCommand(plan, message));
    if (verifySignatureNative(plan.publicKey, message, signature)) return signature;
    throw failed(plan.name, "a signature of its public key over stdin (pure Ed25519), got another");
  };
  return {
    publicKey: plan.publicKey,
    sign: async (message) => {
      if (waiting >= keyLimits.commandQueueMax) {
        throw failed(
          plan.name,
          `at most ${keyLimits.commandQueueMax} signatures to wait, got more`,
        );
      }
      waiting += 1;
      const mine = last.then(() => signOnce(message));
      last = mine.catch(() => undefined);
      try {
        return await mine;
      } finally {
        waiting -= 1;
      }
    },
  };
}

/** What a command gets of its caller's environment: PATH, and what its key file names, where it is set. */
export function commandEnvironment(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const passed = ["PATH", ...names].flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(passed);
}

function readSignature(name: string, output: Uint8Array): Uint8Array {
  if (output.length === SIGNATURE_BYTES) return output;
  const decoded = decodeBase64(new TextDecoder().decode(output).trim());
  if (decoded?.length === SIGNATURE_BYTES) return decoded;
  throw failed(
    name,
    `a signature of ${SIGNATURE_BYTES} bytes, or its base64, on stdout, got ${output.length} bytes`,
  );
}

function failed(name: string, expected: string): KeyError {
  return new KeyError("SIGNING_FAILED", `key ${name}: expected ${expected}`);
}
