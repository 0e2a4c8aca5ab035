import { join } from "node:path";
import { documentLimits } from "@modelfleet/protocol";
import { EnrolmentRecord } from "../../domain/enrolment-record.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { DurableWrite, Fs } from "../../ports/fs.ts";
import type { IdentityStore } from "../../ports/identity-store.ts";
import { readWhole } from "./whole-file.ts";

export interface FileIdentityOptions {
  readonly fs: Fs;
  readonly folder: string;
  readonly write: DurableWrite;
}

const seedBytes = 32;
const recordBytesMax = 16 * 1024;

/** `identity/` (0700: key and record 0600) and `trust/anchor.json` (0444), see store.md 1. */
export function fileIdentity({ fs, folder, write }: FileIdentityOptions): IdentityStore {
  const identity = join(folder, "identity");
  const trust = join(folder, "trust");
  const seedPath = join(identity, "device.seed");
  const recordPath = join(identity, "enrolment.json");
  const anchorPath = join(trust, "anchor.json");
  const keepRecord = async (record: EnrolmentRecord): Promise<void> => {
    const bytes = new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`);
    await write({ path: recordPath, bytes, permissions: 0o600 });
  };
  return {
    replaceRecord: keepRecord,
    deviceSeed: async (make) => {
      const held = await readWhole(fs, seedPath, seedBytes);
      if (held?.length === seedBytes) return held;
      const seed = make();
      await fs.makeFolder(identity, 0o700);
      await write({ path: seedPath, bytes: seed, permissions: 0o600 });
      await fs.syncFolder(folder);
      return seed;
    },
    enrolment: async () => {
      const bytes = await readWhole(fs, recordPath, recordBytesMax);
      if (bytes === undefined) return undefined;
      const anchor = await readWhole(fs, anchorPath, documentLimits.envelopeBytesMax);
      const record = EnrolmentRecord.safeParse(parseJson(bytes));
      if (anchor !== undefined && record.success) return { record: record.data, anchor };
      const broken = anchor === undefined ? anchorPath : recordPath;
      const way = "enrol into a new data folder";
      throw new StoreError("NOT_ENROLLED", `expected a whole ${broken}; ${way}`);
    },
    keepEnrolment: async ({ record, anchor }) => {
      await fs.makeFolder(trust, 0o755);
      await write({ path: anchorPath, bytes: anchor, permissions: 0o444 });
      await keepRecord(record);
      await fs.syncFolder(folder);
    },
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // Not JSON: the schema refuses undefined, and the caller names the file.
  }
}
