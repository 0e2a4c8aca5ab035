import { createHash } from "node:crypto";
import { decodeEnvelope, openPinnedRoot, type Sha256 } from "@modelfleet/protocol";
import { durableWriter } from "../../../../agent/src/adapters/file-store/durable-write.ts";
import { fileIdentity } from "../../../../agent/src/adapters/file-store/file-identity.ts";
import { openFileStore } from "../../../../agent/src/adapters/file-store/file-store.ts";
import { EnrolmentRecord } from "../../../../agent/src/domain/enrolment-record.ts";
import { firstState } from "../../../../agent/src/open-data-folder.ts";
import type { Fs } from "../../../../agent/src/ports/fs.ts";
import {
  desiredDocument,
  fixtureDevice,
  fixtureFleet,
  fleetKeys,
  payloadDigest,
  roleRule,
  rootDocument,
  signDocument,
} from "../../trust-fixtures.ts";
import { publisher } from "../publisher.ts";
import { rootChain } from "../root-chain.ts";
import { steeredSource } from "../steered-source.ts";
import { crashFs } from "./crash-fs.ts";
import { CrashImage } from "./crash-image.ts";
import { emptyTree, type Tree } from "./tree.ts";

/** Where the disk in memory has the agent's data folder. */
export const dataFolder = "/agent";

export const worldNonce = "AAECAwQFBgcICQoLDA0ODw==";

/** What a device has to do with: its fleet's documents and files, and what the controller wants of it. */
export type CrashWorld = ReturnType<typeof crashWorld>;

export function crashWorld() {
  const source = steeredSource();
  const chain = rootChain();
  let seq = 0;
  return {
    anchor: anchorOfOne(),
    source,
    ...publisher(source, chain),
    /** A signed order with the next number. */
    order: (release: Sha256): Uint8Array => {
      seq += 1;
      const size = source.releases.get(release)?.length ?? 1;
      const models = [{ slot: "main", model: "digits", release, size, activate: "now" }];
      const rootVersion = chain.version();
      const document = desiredDocument({ seq, rootVersion, nonce: worldNonce, models });
      return signDocument(document, [chain.keys().online]);
    },
    /** Digests of the files a release lists. */
    filesOf: (release: Sha256): readonly Sha256[] => {
      const envelope = source.releases.get(release);
      if (envelope === undefined) throw new TypeError(`expected a published release ${release}`);
      const { files } = JSON.parse(Buffer.from(decodeEnvelope(envelope).payload).toString()) as {
        readonly files: readonly { readonly sha256: Sha256 }[];
      };
      return files.map((file) => file.sha256);
    },
  };
}

/** What is left of a device that lost power as soon as it was enrolled: nothing but what was synced. */
export async function enrolledTree(world: CrashWorld): Promise<Tree> {
  const bare = crashFs(emptyTree, () => undefined);
  await bare.fs.makeFolder(dataFolder, 0o700);
  const start = bare.tree();
  const { fs, journal } = crashFs(start, () => undefined);
  await enrol(fs, world);
  const image = new CrashImage(start);
  for (const { operation } of journal) image.apply(operation);
  const choices = image.choices();
  return image.tree(
    choices,
    choices.map(() => 0),
  );
}

/** As `enrolFolder` does it. */
async function enrol(fs: Fs, { anchor }: CrashWorld): Promise<void> {
  let serial = 0;
  const write = durableWriter(fs, () => ++serial);
  const identity = fileIdentity({ fs, folder: dataFolder, write });
  await identity.deviceSeed(() => new Uint8Array(createHash("sha256").update("device").digest()));
  const record = EnrolmentRecord.parse({
    ...{ fleet: fixtureFleet, device: fixtureDevice, secret: "s".repeat(43), class: "cam-v2" },
    ...{ controllerUrl: "http://127.0.0.1:1", brokerUrl: "mqtt://127.0.0.1:1" },
    rootSha256: anchor.sha256,
  });
  await identity.keepEnrolment({ record, anchor: anchor.bytes });
  const store = await openFileStore({ fs, folder: dataFolder, write });
  await store.commit(firstState(anchor));
}

/** One signature is enough for the first root: verifying is most of what a start costs here. */
function anchorOfOne() {
  const { root, release, online } = fleetKeys;
  const [signer] = root;
  const roles = {
    root: roleRule([signer], 1),
    release: [{ name: "default", models: ["*"], ...roleRule([release], 1) }],
    online: roleRule([online], 1),
  };
  const bytes = signDocument(rootDocument({ roles }), [signer]);
  return openPinnedRoot(bytes, payloadDigest(bytes));
}
