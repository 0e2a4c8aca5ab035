import {
  type DeviceId,
  decodeBase64,
  type RootPublication,
  type RootPublished,
  type VerifiedRoot,
  VerifyError,
} from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { RootError } from "../../domain/errors.ts";
import { inspectRoot } from "../../domain/root/inspect-root.ts";
import { missingSignatures } from "../../domain/root/missing-signatures.ts";
import { rootExpiry } from "../../domain/root/root-expiry.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import { recordRoot } from "./record-root.ts";
import { rootView } from "./root-view.ts";
import { type SpreadRootPorts, spreadRoot } from "./spread-root.ts";

export interface PublishRootPorts extends SpreadRootPorts {
  readonly audit: AuditLog;
}

/**
 * Puts the next root in force. Rules:
 *
 * 1. It is verified exactly as a device does it, is on disk, and only then used.
 * 2. The root that is in force already is taken again without an effect: whoever lost the answer may repeat.
 * 3. Every connected device gets a new order at once, which tells it to fetch the root; the others when they return.
 */
export class PublishRoot implements AsyncDisposable {
  readonly #ports: PublishRootPorts;
  readonly #closing = new AbortController();
  #spreading: Promise<void> = Promise.resolve();

  constructor(ports: PublishRootPorts) {
    this.#ports = ports;
  }

  /** @throws RootError ROOT_REFUSED | ROOT_EXPIRED, KeyError ONLINE_KEY_MISSING */
  async run({ envelope }: RootPublication, caller: Principal): Promise<RootPublished> {
    const { keys, fleet } = this.#ports;
    const bytes = decodeBase64(envelope);
    if (bytes === undefined) throw refused("expected base64");
    if (Buffer.from(keys.root().bytes).equals(bytes)) {
      await recordRoot(this.#ports, caller.id);
      return this.#published([]);
    }
    const root = await this.#adopt(bytes, caller);
    const devices = (await fleet.devices()).filter(({ online }) => online).map(({ id }) => id);
    const { version } = root.document;
    const event = { event: "root.published", version, devices: devices.length, by: caller.id };
    this.#ports.log.info(event, "root published");
    this.#spread(devices);
    return this.#published(devices);
  }

  /** Resolves when the devices that were connected have their orders. */
  settled(): Promise<void> {
    return this.#spreading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#spreading;
  }

  async #adopt(bytes: Uint8Array, caller: Principal): Promise<VerifiedRoot> {
    const { keys, clock } = this.#ports;
    refuseUseless(bytes, keys.root(), clock.nowMs());
    const root = await verified(() => keys.adoptRoot(bytes));
    await recordRoot(this.#ports, caller.id);
    return root;
  }

  #spread(devices: readonly DeviceId[]): void {
    const { signal } = this.#closing;
    this.#spreading = this.#spreading.then(() => spreadRoot(this.#ports, devices, signal));
  }

  #published(devices: readonly DeviceId[]): RootPublished {
    const { keys, clock } = this.#ports;
    return { root: rootView(keys, clock.nowMs()), devices: devices.length };
  }
}

/**
 * What no device could take is refused before anything is tried, in words that say what to do: a root in a place that is
 * taken, and one without the signatures of either root. One that has expired before it began would stop the fleet.
 */
function refuseUseless(bytes: Uint8Array, inForce: VerifiedRoot, nowMs: number): void {
  const inspection = verifiedNow(() => inspectRoot(bytes, inForce));
  const { document } = inspection;
  const { fleet, version } = inForce.document;
  if (document.fleet === fleet && document.version <= version) {
    throw refused(
      `ROOT_CHAIN: expected root ${version + 1}, got another root ${document.version}, while root ${version} is in force: draft it anew from modelfleet root show --out FILE`,
    );
  }
  const missing = missingSignatures(inspection);
  if (document.fleet === fleet && document.version === version + 1 && missing !== undefined) {
    throw refused(`SIGNATURE: expected ${missing}: modelfleet root sign`);
  }
  if (rootExpiry(document, nowMs).expiry === "expired") {
    throw refused(`expected a root that is in force, got one that expired at ${document.expires}`);
  }
}

async function verified<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asRefusal(error);
  }
}

function verifiedNow<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw asRefusal(error);
  }
}

function asRefusal(error: unknown): unknown {
  if (!(error instanceof VerifyError)) return error;
  return refused(`${error.code}: ${error.message}`, error);
}

function refused(reason: string, cause?: unknown): RootError {
  return new RootError(
    "ROOT_REFUSED",
    `${reason}; the root in force stays: see modelfleet root inspect`,
    {
      cause,
    },
  );
}
