import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  DesiredDocument,
  type DesiredModel,
  decodeEnvelope,
  ed25519Signer,
  exchangeLimits,
  openPinnedRoot,
  parsePayload,
  VerifyError,
} from "@modelfleet/protocol";
import { systemClock } from "./adapters/clock/system-clock.ts";
import { exchangePaths } from "./adapters/exchange-folder/exchange-folder.ts";
import { dropBundle, readOrder, takeBundle } from "./adapters/exchange-folder/take-bundle.ts";
import { machineFacts } from "./adapters/facts/machine-facts.ts";
import { fileIdentity } from "./adapters/file-store/file-identity.ts";
import { openFileStore } from "./adapters/file-store/file-store.ts";
import { nodeFs } from "./adapters/file-store/node-fs.ts";
import { storeFailure } from "./adapters/file-store/store-failure.ts";
import { signHello } from "./app/sign-hello.ts";
import { readStatus } from "./cli/read-status.ts";
import { socketPathOf } from "./config.ts";
import type { AgentStatus } from "./domain/agent-status.ts";
import { ExchangeError } from "./domain/exchange-error.ts";
import { findTargetId } from "./domain/install/find-target.ts";
import { slotReports } from "./domain/install/slot-reports.ts";
import { createWriter, firstState, notEnrolled } from "./open-data-folder.ts";
import type { Machine } from "./wiring/agent-run.ts";

/**
 * Writes this device's signed hello for an operator to carry to the controller; its nonce stays here, and the order
 * that answers it is fresh whatever the clocks say (protocol.md 5.7). Works beside a running agent.
 */
export async function writeHello(
  options: { data: string; out: string },
  machine: Omit<Machine, "runnerPath">,
) {
  const folder = resolve(options.data);
  const write = createWriter();
  const identity = fileIdentity({ fs: nodeFs, folder, write });
  const enrolled = await identity.enrolment();
  if (enrolled === undefined) throw notEnrolled(folder);
  const { device, class: deviceClass, rootSha256 } = enrolled.record;
  const seed = await identity.deviceSeed(() => {
    throw notEnrolled(folder);
  });
  const store = await openFileStore({ fs: nodeFs, folder, write });
  const state =
    (await store.readState()) ?? firstState(openPinnedRoot(enrolled.anchor, rootSha256));
  const nonce = Buffer.from(systemClock.randomBytes(16)).toString("base64");
  const facts = machineFacts({ ...machine, class: deviceClass, folder, targetOf: findTargetId });
  const hello = signHello({
    ...{ device, signer: ed25519Signer(seed), agentVersion: machine.agentVersion, nonce, state },
    nowMs: systemClock.nowMs(),
    facts: await facts.read(),
    condition: {},
    slots: slotReports(state, []),
  });
  const paths = exchangePaths(folder);
  try {
    // First: a hello that could not be written must not end the one that was carried away before it.
    await writeFile(options.out, hello);
    await nodeFs.makeFolder(paths.folder, 0o700);
  } catch (cause) {
    throw storeFailure(`writing ${options.out} and ${paths.nonce}`, cause);
  }
  await write({ path: paths.nonce, bytes: Buffer.from(nonce), permissions: 0o600 });
  return { device, out: resolve(options.out), rootVersion: state.rootVersion };
}

/**
 * Gives a carried bundle to the agent of this data folder and waits until it has become what runs. Nothing is verified
 * here: the agent holds it to the same rules as what comes over the network.
 *
 * @throws ExchangeError BUNDLE · NOT_TAKEN when the order is not followed · NOT_INSTALLED when a release was refused
 */
export async function applyBundle(
  from: string,
  options: { data: string; socket?: string },
  machine: Pick<Machine, "agentVersion">,
) {
  const folder = resolve(options.data);
  const status = () => readStatus(folder, socketPathOf(options), machine.agentVersion);
  const before = await status();
  const order = parseOrder(from, await readOrder(from));
  requireForThis(before, order);
  await takeBundle(from, folder);
  const said = { device: before.device, seq: order.seq };
  if (before.agent === "stopped") return { ...said, state: "waits for the agent's start" };
  const after = await settled(status, order).catch(async (cause: unknown) => {
    // It must not lie there for ever: the network, or a better bundle, may bring what this one did not.
    await dropBundle(folder);
    throw cause;
  });
  await dropBundle(folder);
  const refused = refusals(after, order);
  if (refused !== "") throw new ExchangeError("NOT_INSTALLED", refused);
  return { ...said, state: "installed" };
}

/** Unverified: only to know what to wait for. */
function parseOrder(from: string, bytes: Uint8Array): DesiredDocument {
  try {
    return parsePayload(DesiredDocument, decodeEnvelope(bytes).payload);
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    throw new ExchangeError("BUNDLE", `${from}: desired.json: ${cause.message}`, { cause });
  }
}

/** Before gigabytes are copied. What is not true of the order the agent finds out. */
function requireForThis(before: AgentStatus, order: DesiredDocument): void {
  if (order.device !== before.device) {
    const got = `the order is for ${order.device}, this device is ${before.device}`;
    throw new ExchangeError("NOT_TAKEN", `${got}: carry the bundle there`);
  }
  // protocol.md 1.3.9: under a newer root numbers may begin anew, and that root comes with the bundle.
  if (order.rootVersion > before.rootVersion || order.seq >= before.desiredSeq) return;
  const got = `order ${order.seq} is older than ${before.desiredSeq}, which this device follows`;
  throw new ExchangeError("NOT_TAKEN", `${got}: carry a newer one here`);
}

async function settled(
  status: () => Promise<AgentStatus>,
  order: DesiredDocument,
): Promise<AgentStatus> {
  const { takenMsMax, installMsMax, pollMs } = exchangeLimits;
  const startedAtMs = systemClock.monotonicMs();
  for (;;) {
    const now = await status();
    const passedMs = systemClock.monotonicMs() - startedAtMs;
    const isTaken = now.rootVersion >= order.rootVersion && now.desiredSeq >= order.seq;
    if (isTaken && order.models.every((model) => isOver(now, model))) return now;
    if (!isTaken && passedMs > takenMsMax) {
      const way = "its log says why; write a new hello with: modelfleet agent hello";
      throw new ExchangeError("NOT_TAKEN", `order ${order.seq} was not followed: ${way}`);
    }
    if (passedMs > installMsMax) {
      const way = "see what it does with: modelfleet agent status";
      throw new ExchangeError("NOT_TAKEN", `expected an end within ${installMsMax} ms: ${way}`);
    }
    await systemClock.sleep(pollMs, new AbortController().signal);
  }
}

function isOver(status: AgentStatus, { slot, release }: DesiredModel): boolean {
  const held = status.slots.find((one) => one.slot === slot);
  if (held === undefined) return false;
  const runs = held.active?.release === release && held.trial === null;
  return runs || held.refused.some((one) => one.release === release);
}

function refusals(status: AgentStatus, order: DesiredDocument): string {
  const wanted = new Set<string>(order.models.map(({ release }) => release));
  return status.slots
    .flatMap(({ refused }) => refused)
    .filter(({ release }) => wanted.has(release))
    .map(({ release, code, detail }) => `${release.slice(0, 12)} ${code}: ${detail}`)
    .join("; ");
}
