import {
  type DeviceId,
  decodeEnvelope,
  formatTimestamp,
  keyIdOf,
  ModelName,
  mainSlot,
  pae,
  ReportMessage,
  RolloutRequest,
  rolloutLimits,
  signDeviceMessage,
  verifyInPool,
} from "@modelfleet/protocol";
import { localPrincipal } from "../../../controller/src/domain/access/principal.ts";
import { eventually } from "../../support/eventually.ts";
import { fixtureTimes, seedSigner } from "../../support/trust-fixtures.ts";
import type { BenchLine, BenchPart } from "../bench-line.ts";
import { latencies } from "../statistics.ts";
import { type BenchDevice, type BenchFleet, benchFleet } from "./bench-fleet.ts";
import { keepBusy } from "./keep-busy.ts";

const DEVICES = 4_000;
/** Messages under way at once; of one device there is one. */
const WIDTH = 1_000;
const RATE_MIN = 5_000;
const LATENCY_MS_MAX = 500;

/**
 * Signed reports of a rollout that runs, taken in by the whole controller: checked, parsed, stored with what they change
 * of it and the audit entries, acknowledged. Beside the same driver with nothing to do, and with signature checks alone.
 */
export const reports: BenchPart = {
  name: "reports",
  run: async (progress) => {
    progress(`enrol ${DEVICES} devices`);
    await using fleet = await benchFleet(DEVICES, (place) => seedSigner(`bench ${place}`));
    progress("give them their orders");
    const rollout = await offeredRollout(fleet);
    progress("sign their reports");
    const messages = await messagesOf(fleet);
    progress(`take in ${messages.length} reports`);
    const empty = await keepBusy(
      messages.map(() => () => Promise.resolve()),
      WIDTH,
    );
    const checks = await keepBusy(messages.map(signatureCheck), WIDTH);
    const taken = await keepBusy(
      messages.map(({ device, envelope }) => () => {
        const topic = { kind: "stream", stream: "report", device: device.id } as const;
        return fleet.app.door.receive(topic, envelope);
      }),
      WIDTH,
    );
    await expectAllTaken(fleet, rollout);
    const { p99 } = latencies(taken.latenciesMs);
    return [
      line("reports/s accepted (bare: the driver alone)", taken.perSecond, empty.perSecond),
      rateLine(taken.perSecond, checks.perSecond),
      line("main thread, µs a report (bare: check)", taken.mainMicros, checks.mainMicros),
      {
        ...line("report to visible state, p99 ms", p99, null),
        ...{ limit: `≤ ${LATENCY_MS_MAX}`, holds: p99 <= LATENCY_MS_MAX },
      },
    ];
  },
};

const SCENARIO = 33;

function line(what: string, ours: number, bare: number | null): BenchLine {
  return { scenario: SCENARIO, what, ours, bare, limit: "", holds: true };
}

function rateLine(ours: number, bare: number): BenchLine {
  const what = "reports/s accepted (bare: signature checks alone)";
  return { ...line(what, ours, bare), limit: `≥ ${RATE_MIN}`, holds: ours >= RATE_MIN };
}

interface SignedReport {
  readonly device: BenchDevice;
  readonly envelope: Uint8Array;
}

/** One stage of all, with every order given. */
async function offeredRollout({ app, stores }: BenchFleet): Promise<string> {
  const plan = { inFlightMax: rolloutLimits.inFlightMax };
  const request = { model: ModelName.parse("vision.defects"), version: "1.0.0", plan };
  const { createRollout } = app.useCases;
  const { id } = await createRollout.run(RolloutRequest.parse(request), localPrincipal);
  app.rolloutEngine.start();
  const isOffered = async () => (await stores.rollouts.inFlight(id)) === DEVICES;
  await eventually(isOffered, { withinMs: OFFERS_MS_MAX });
  return id;
}

const OFFERS_MS_MAX = 300_000;

/** What each device says on its way, four reports; one of each, then the next of each. */
async function messagesOf({
  stores,
  devices,
  release,
}: BenchFleet): Promise<readonly SignedReport[]> {
  const reference = { release, model: "vision.defects", version: "1.0.0" };
  const item = (step: string) => ({ slot: mainSlot, ...reference, step });
  const slot = { slot: mainSlot, active: null, previous: null, trial: null, refused: [] };
  const told = [
    { items: ["accepted", "downloading"].map(item), slots: [slot] },
    { items: ["downloaded"].map(item), slots: [slot] },
    { items: ["loading", "golden", "activated"].map(item), slots: [{ ...slot, trial: reference }] },
    { items: ["confirmed"].map(item), slots: [{ ...slot, active: reference }] },
  ];
  const seqOf = new Map<DeviceId, number>();
  for (const { id } of devices) seqOf.set(id, (await stores.fleet.device(id))?.desired.seq ?? 0);
  return told.flatMap((said, seq) =>
    devices.map((device) => ({
      device,
      envelope: signDeviceMessage(
        device.signer,
        "report",
        ReportMessage.parse({
          ...{ type: "report", spec: 1, device: device.id, boot: 1, seq, clock: "synced" },
          ...{ desiredSeq: seqOf.get(device.id), dropped: 0, ...said },
          issuedAt: formatTimestamp(fixtureTimes.nowMs),
        }),
      ),
    })),
  );
}

/** What cannot be left out: the same check of the same bytes by the same backend. */
function signatureCheck({ device, envelope }: SignedReport): () => Promise<unknown> {
  const { payload, payloadType, signatures } = decodeEnvelope(envelope);
  const { publicKey } = device.signer;
  const own = signatures.find(({ keyid }) => keyid === keyIdOf(publicKey));
  if (own === undefined) throw new Error("expected a signature of the device");
  const message = pae(payloadType, payload);
  return () => verifyInPool(publicKey, message, own.sig);
}

/** It would be easy to be quick with reports that are refused. */
async function expectAllTaken({ stores }: BenchFleet, rollout: string): Promise<void> {
  const stages = (await stores.rollouts.byId(rollout))?.stages ?? [];
  const succeeded = stages[0]?.counts.tally.succeeded ?? 0;
  if (succeeded === DEVICES) return;
  throw new Error(`expected ${DEVICES} devices to have succeeded, got ${succeeded}`);
}
