import { systemClock } from "../adapters/clock/system-clock.ts";
import { exchangeFolder } from "../adapters/exchange-folder/exchange-folder.ts";
import { machineFacts } from "../adapters/facts/machine-facts.ts";
import { nodeFs } from "../adapters/file-store/node-fs.ts";
import { createMqttBus } from "../adapters/mqtt-bus/mqtt-bus.ts";
import { ExchangeWatch } from "../app/exchange-watch.ts";
import { DeviceLock, type DeviceLockParts } from "../app/install/device-lock.ts";
import { Installer } from "../app/install/installer.ts";
import { ReleaseShelf } from "../app/install/release-shelf.ts";
import { SwapDeferrals } from "../app/install/swap-deferrals.ts";
import { pacedLog } from "../app/paced-log.ts";
import { createReporter } from "../app/reporter.ts";
import { TrustWatch } from "../app/trust-watch.ts";
import { Uplink } from "../app/uplink.ts";
import { brokerLogin } from "../broker-access.ts";
import type { AgentStatus } from "../domain/agent-status.ts";
import { admit } from "../domain/install/admit.ts";
import { findTargetId } from "../domain/install/find-target.ts";
import type { Router } from "../domain/serving/router.ts";
import type { DataFolder } from "../open-data-folder.ts";
import type { LoadedModel } from "../ports/runner-host.ts";
import type { AgentRun } from "./agent-run.ts";
import { localBinding } from "./wire-binding.ts";
import { wireFeedback } from "./wire-feedback.ts";
import { profiled, runnerHost, scanned } from "./wire-host.ts";
import { wireServing } from "./wire-serving.ts";
import { blobSource } from "./wire-source.ts";
import { type Owed, wireTelemetry } from "./wire-telemetry.ts";
import { wireTelling } from "./wire-telling.ts";

/** The parts of one agent, joined; nothing runs yet. */
export function wireAgent(run: AgentRun, folder: DataFolder, owed: Owed) {
  const { config, machine, clock = systemClock } = run;
  const log = pacedLog(run.log, clock);
  const { enrolment, signer, store, record } = folder;
  const { outbox } = owed;
  const { device } = enrolment;
  const { agentVersion } = machine;
  const at = { class: enrolment.class, folder: config.folder, targetOf: findTargetId };
  const facts = machineFacts({ ...machine, ...at });
  const login = brokerLogin(folder, config.mqttTls, { clock, log });
  const bus = createMqttBus({ ...login.access, clock, log, boot: record.current().boot });
  const watch = new TrustWatch(clock, log, () => record.faults());
  const owner = { device, signer, outbox, record, clock, log, watch };
  const uplink = new Uplink({ ...owner, agentVersion, bus, facts });
  const stored = () => uplink.stored();
  const { windowMs } = config;
  const connected = () => bus.connected();
  const spool = wireTelemetry({ ...owner, windowMs, connected, stored }, owed);
  const ring = () => installer.ring();
  const feedback = wireFeedback({ ...owner, spool, store: folder.captures, windowMs });
  const { observe } = feedback;
  const serving = wireServing({ config, record, spool, log, ring, observe, asked: run.asked });
  const { router, models, rules, rehearsal, counting } = serving;
  const deferrals = new SwapDeferrals({ clock, log, decided: ring });
  const locks = deviceLock(folder, { clock, log, changed: ring });
  const source = blobSource(folder, config, log);
  const carried = new ExchangeWatch({
    exchange: exchangeFolder(config.folder, nodeFs.remove),
    ...{ clock, log },
  });
  const report = counting.report(
    createReporter({ ...owner, slots: () => installer.slots(), stored }),
  );
  const shelf = new ReleaseShelf({ record, deviceClass: enrolment.class, store, source });
  const installer: Installer = new Installer(
    {
      ...{ record, store, source, facts, clock, log, admit },
      shelf,
      host: profiled(scanned(runnerHost(config, machine, { log, facts }), facts), spool),
      ...{ report, rules },
      ...rehearsal.parts,
      ...{ deferrals, locks, askDesired: () => uplink.askDesired() },
      memoryMiB: config.memoryMiB ?? null,
      ...conversation(uplink, carried),
      refused: (refusal) => watch.refused(refusal),
    },
    folder.wanted,
  );
  const loading = () => loadingOf(installer, router);
  const binding = localBinding(config.localMqtt, { device, clock, log, loading, models });
  const { agreements } = rehearsal;
  const known = { router, installer, shelf, agreements, clock, locks, record, holds: deferrals };
  const telling = wireTelling(counting.tallies, known);
  const status = async (): Promise<AgentStatus> => ({
    ...statusOf(folder, agentVersion, outbox.dropped()),
    isolation: config.isolation ?? "process",
    agent: "running",
    stale: watch.isStale(),
    connected: bus.connected(),
    privacy: spool.privacySpent(),
    lock: locks.current(),
    ...binding.status(),
    ...feedback.status(),
    ...(await telling.status()),
  });
  return {
    ...{ device, keep: login.keep, installer, uplink, spool, models, deferrals, locks },
    ...{ status, loading, watch, report, carried, binding, telling, feedback },
  };
}

/** Questions that are open, by wire and by hand, and what makes the device ask again. */
function conversation(uplink: Uplink, carried: ExchangeWatch) {
  return {
    nonces: () => [uplink.nonce(), carried.nonce()].filter((nonce) => nonce !== null),
    answered: (nonce: string) => {
      uplink.answered(nonce);
      carried.answered(nonce);
    },
    needHello: () => uplink.needHello(),
    rootAdopted: () => uplink.sayHello(),
  };
}

function deviceLock({ updateLock, locked }: DataFolder, parts: Omit<DeviceLockParts, "store">) {
  return new DeviceLock({ ...parts, store: updateLock }, locked);
}

/** Releases whose runner is not there yet. */
function loadingOf(installer: Installer, router: Router<LoadedModel>) {
  return installer.slots().flatMap(({ slot, active }) => {
    return active === null || router.active(slot) !== undefined ? [] : [active];
  });
}

function statusOf(
  { enrolment, record }: Pick<DataFolder, "enrolment" | "record">,
  agentVersion: string,
  dropped: number,
) {
  const { device, fleet, class: deviceClass, controllerUrl } = enrolment;
  const { boot, seq, rootVersion } = record.current();
  const faults = record.faults();
  const named = { device, fleet, class: deviceClass, controllerUrl };
  return { ...named, agentVersion, boot, desiredSeq: seq, rootVersion, dropped, faults };
}
