import {
  type Bundle,
  type BundleRequest,
  type DeviceId,
  decodeBase64,
  documentLimits,
  encodeBase64,
  type ModelName,
} from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { AccessError, BundleError } from "../../domain/errors.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { DeviceRecord } from "../../ports/fleet-store.ts";
import type { ReleaseRecord, ReleaseStore } from "../../ports/release-store.ts";
import { type AnswerDesiredPorts, answerDesired } from "../deployment/answer-desired.ts";
import { changeableDevice } from "../fleet/changeable-device.ts";
import { knownDevice } from "../fleet/known-device.ts";
import type { AnswerHello } from "../ingest/answer-hello.ts";
import { knownRelease } from "../release/known-release.ts";

export interface ExportBundlePorts extends AnswerDesiredPorts {
  readonly answerHello: AnswerHello;
  readonly log: EventLog;
  readonly releases: ReleaseStore;
}

/**
 * What a device that no network reaches should run, to be carried there (protocol.md 5.7): the same documents it would
 * get over the network. With its hello the order answers the nonce in it; without, a device must trust its clock.
 */
export class ExportBundle {
  readonly #ports: ExportBundlePorts;

  constructor(ports: ExportBundlePorts) {
    this.#ports = ports;
  }

  /** @throws AccessError NOT_PERMITTED, NotFoundError DEVICE_UNKNOWN, BundleError HELLO_REFUSED */
  async run(id: DeviceId, request: BundleRequest, caller: Principal): Promise<Bundle> {
    const { fleet, releases } = this.#ports;
    requireModels(await changeableDevice(fleet, id, caller), caller);
    if (request.hello === undefined) await answerDesired(this.#ports, id);
    else await this.#takeHello(id, request.hello);
    const { desired } = await knownDevice(fleet, id);
    if (desired.envelope === null) throw new RangeError(`expected a signed order for ${id}`);
    const records: ReleaseRecord[] = [];
    for (const { release } of desired.slots) records.push(await knownRelease(releases, release));
    const event = { event: "bundle.exported", device: id, seq: desired.seq, by: caller.id };
    this.#ports.log.info(event, "bundle exported");
    return {
      device: id,
      seq: desired.seq,
      desired: encodeBase64(desired.envelope),
      roots: this.#rootsAfter(request.rootVersion),
      releases: records.map(({ release, envelope }) => ({
        release,
        envelope: encodeBase64(envelope),
      })),
      files: filesOf(records),
    };
  }

  async #takeHello(id: DeviceId, hello: string): Promise<void> {
    const bytes = decodeBase64(hello);
    if (bytes === undefined) throw refused("expected base64");
    const outcome = await this.#ports.answerHello.run(id, bytes);
    // A stale one is answered too: the answer serves only the device whose nonce it carries.
    if (outcome.kind === "refused" && outcome.code !== "STALE") throw refused(outcome.code);
  }

  #rootsAfter(version: number): Bundle["roots"] {
    const { keys } = this.#ports;
    const last = Math.min(
      keys.root().document.version,
      version + documentLimits.rootStepsPerCycleMax,
    );
    const roots: Bundle["roots"] = [];
    for (let next = version + 1; next <= last; next += 1) {
      const bytes = keys.rootAt(next);
      if (bytes !== undefined) roots.push({ version: next, envelope: encodeBase64(bytes) });
    }
    return roots;
  }
}

/** A bundle holds the release of every slot. Which ones are not the caller's is not said. */
function requireModels({ id, desired }: DeviceRecord, caller: Principal): void {
  const mayRead = ({ model }: { readonly model: ModelName }) =>
    permits(caller, { action: "release.read", model });
  if (desired.slots.every(mayRead)) return;
  throw new AccessError(
    "NOT_PERMITTED",
    `expected a grant of release.read over every model of ${id}, ${caller.id} has not: ask an admin`,
  );
}

function filesOf(records: readonly ReleaseRecord[]): Bundle["files"] {
  const files = records.flatMap(({ document }) => document.files);
  const sizes = new Map(files.map((file) => [file.sha256, file.size]));
  return [...sizes].map(([sha256, size]) => ({ sha256, size }));
}

function refused(reason: string): BundleError {
  return new BundleError(
    "HELLO_REFUSED",
    `expected the hello of this very device, as its agent wrote it: ${reason}; write a new one with: modelfleet agent hello`,
  );
}
