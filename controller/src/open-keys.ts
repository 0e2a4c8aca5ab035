import { openKeyFolder } from "./adapters/key-folder/key-folder.ts";
import { fileKeyProvider } from "./adapters/key-provider/key-provider.ts";
import { readPassphraseFile } from "./adapters/key-provider/passphrase-file.ts";
import type { ControllerConfig } from "./config.ts";
import { KeyError } from "./domain/errors.ts";
import type { Clock } from "./ports/clock.ts";
import type { Keys } from "./ports/keys.ts";

export interface KeySurroundings {
  readonly clock: Clock;
  /** Where a command finds the variables its key file names. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The keys of a data folder: bare seeds only where that was said. @throws KeyError */
export function openKeys(
  folder: string,
  {
    isDev,
    keyPassphraseFile,
    allowPlainKeys,
  }: Pick<ControllerConfig, "isDev" | "keyPassphraseFile" | "allowPlainKeys">,
  { clock, env }: KeySurroundings,
): Promise<Keys> {
  const passphrase = (key: { readonly name: string; readonly path: string }) =>
    keyPassphraseFile === undefined
      ? Promise.reject(noPassphrase(key))
      : readPassphraseFile(keyPassphraseFile);
  const provider = fileKeyProvider({ passphrase, allowPlain: allowPlainKeys, env });
  return openKeyFolder(folder, { dev: isDev, clock, provider });
}

/** Nobody sits at a service: its passphrase comes in a file, which the service manager may show to it alone. */
function noPassphrase({ name, path }: { readonly name: string; readonly path: string }): KeyError {
  return new KeyError(
    "KEY_LOCKED",
    `${path}: expected the passphrase of key ${name}, got none: put it into a file of mode 600 and name that in MODELFLEET_KEY_PASSPHRASE_FILE or --key-passphrase-file`,
  );
}
