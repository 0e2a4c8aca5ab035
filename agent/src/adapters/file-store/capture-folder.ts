import { join } from "node:path";
import { CapturePolicy, captureLimits } from "@modelfleet/protocol";
import { parseCaptureName } from "../../domain/capture/capture-name.ts";
import { type CaptureConsent, parseConsent } from "../../domain/capture/consent.ts";
import { emptyLedger, parseLedger } from "../../domain/capture/day-ledger.ts";
import type { CaptureStore, StoredCapture } from "../../ports/capture-store.ts";
import type { DurableWrite, Fs } from "../../ports/fs.ts";
import { storeFailure } from "./store-failure.ts";
import { readWhole } from "./whole-file.ts";

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const ledgerBytesMax = 64 * 1024;

/**
 * `capture/` of the data folder: `consent.json`, which people of the device write; `ledger.json`; and
 * `sealed/{policy}/{name}.mfcap`.
 */
export function captureFolder(parts: {
  readonly fs: Fs;
  readonly folder: string;
  readonly write: DurableWrite;
}): CaptureStore {
  const { fs, write } = parts;
  const root = join(parts.folder, "capture");
  const sealed = join(root, "sealed");
  const paths = { consent: join(root, "consent.json"), ledger: join(root, "ledger.json") };
  const pathOf = ({ policy, name }: StoredCapture) => join(sealed, policy, name);

  async function keep(path: string, bytes: Uint8Array): Promise<void> {
    await write({ path, bytes, permissions: FILE_MODE });
  }

  return {
    consent: () =>
      told("reading the consent to capture", async () =>
        parseConsent(await readConsent(fs, paths)),
      ),
    keepConsent: (consent) =>
      told("keeping the consent to capture", async () => {
        await fs.makeFolder(root, FOLDER_MODE);
        await keep(paths.consent, textOf(consent));
      }),
    removeConsent: () =>
      told("removing the consent to capture", async () => {
        await fs.remove(paths.consent);
        if ((await fs.stat(root)) !== undefined) await fs.syncFolder(root);
      }),
    ledger: () =>
      told("reading what was captured today", async () => {
        const bytes = await readOrDamaged(fs, paths.ledger, ledgerBytesMax);
        return bytes === undefined ? emptyLedger : parseLedger(new TextDecoder().decode(bytes));
      }),
    keepLedger: (ledger) => keep(paths.ledger, textOf(ledger)),
    put: (capture, bytes) =>
      told("capturing a request", async () => {
        await fs.makeFolder(join(sealed, capture.policy), FOLDER_MODE);
        await keep(pathOf(capture), bytes);
      }),
    list: () => told("listing captures", () => listCaptures(fs, sealed)),
    remove: (capture) => told("removing a capture", () => fs.remove(pathOf(capture))),
    freeBytes: () => told("asking for room", async () => (await fs.space(parts.folder)).freeBytes),
  };
}

async function listCaptures(fs: Fs, sealed: string): Promise<readonly StoredCapture[]> {
  const policies = (await fs.list(sealed)).filter((name) => isPolicy(name));
  const found: StoredCapture[] = [];
  for (const policy of policies) {
    for (const name of await fs.list(join(sealed, policy))) {
      // What a killed start left half written is listed too, and goes as the others do.
      if (parseCaptureName(name.replace(/\.\d+\.tmp$/, "")) !== undefined) {
        found.push({ policy, name });
      }
    }
  }
  return found;
}

function isPolicy(name: string): boolean {
  return CapturePolicy.shape.id.safeParse(name).success;
}

/** Empty where there is none, or where it is longer than any consent. */
async function readConsent(fs: Fs, { consent }: { readonly consent: string }): Promise<string> {
  const bytes = await readOrDamaged(fs, consent, captureLimits.consentBytesMax);
  return new TextDecoder().decode(bytes ?? new Uint8Array());
}

async function readOrDamaged(fs: Fs, path: string, bytesMax: number) {
  const found = await fs.stat(path);
  if (found === undefined) return undefined;
  return found.sizeBytes > bytesMax ? new Uint8Array() : await readWhole(fs, path, bytesMax);
}

function textOf(value: CaptureConsent | object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

async function told<T>(doing: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw storeFailure(doing, cause);
  }
}
