import { targetCatalog } from "@modelfleet/protocol";
import { AuthenticateCaller } from "./app/access/authenticate-caller.ts";
import { CreateApiKey } from "./app/access/create-api-key.ts";
import { ListApiKeys } from "./app/access/list-api-keys.ts";
import { RevokeApiKey } from "./app/access/revoke-api-key.ts";
import { ReadAudit } from "./app/audit/read-audit.ts";
import { ExportBundle } from "./app/bundle/export-bundle.ts";
import { ApproveDeployment } from "./app/deployment/approve-deployment.ts";
import { DeployRelease } from "./app/deployment/deploy-release.ts";
import { ListDeployments } from "./app/deployment/list-deployments.ts";
import { ShowDeployment } from "./app/deployment/show-deployment.ts";
import { AcknowledgeAlert } from "./app/drift/acknowledge-alert.ts";
import { DriftEngine } from "./app/drift/drift-engine.ts";
import { EndSilentAlerts, type EndSilentAlertsPorts } from "./app/drift/end-silent-alerts.ts";
import { JudgeCell, type JudgeCellPorts } from "./app/drift/judge-cell.ts";
import { ListAlerts } from "./app/drift/list-alerts.ts";
import { ShowAlert } from "./app/drift/show-alert.ts";
import { ShowDrift } from "./app/drift/show-drift.ts";
import { ShowQuarantine } from "./app/drift/show-quarantine.ts";
import { AddWebhook } from "./app/events/add-webhook.ts";
import { ChangeWebhook } from "./app/events/change-webhook.ts";
import { DeliverEvents } from "./app/events/deliver-events.ts";
import { ListWebhooks } from "./app/events/list-webhooks.ts";
import { RedeliverEvent } from "./app/events/redeliver-event.ts";
import type { WebhookPorts } from "./app/events/webhook-ports.ts";
import { ApproveDevice } from "./app/fleet/approve-device.ts";
import { AuthenticateDevice } from "./app/fleet/authenticate-device.ts";
import { ChangeDevice } from "./app/fleet/change-device.ts";
import { CreateClaim } from "./app/fleet/create-claim.ts";
import { EnrolDevice } from "./app/fleet/enrol-device.ts";
import { FetchCertificate } from "./app/fleet/fetch-certificate.ts";
import { ListClaims } from "./app/fleet/list-claims.ts";
import { ListDevices } from "./app/fleet/list-devices.ts";
import { ReportDuplicate } from "./app/fleet/report-duplicate.ts";
import { RevokeClaim } from "./app/fleet/revoke-claim.ts";
import { RevokeDevice } from "./app/fleet/revoke-device.ts";
import { ShowClientTrust } from "./app/fleet/show-client-trust.ts";
import { ShowDevice } from "./app/fleet/show-device.ts";
import { TrackPresence } from "./app/fleet/track-presence.ts";
import { AckSender } from "./app/ingest/ack-sender.ts";
import { AnswerGetDesired } from "./app/ingest/answer-get-desired.ts";
import { AnswerHello } from "./app/ingest/answer-hello.ts";
import { AssignmentWatch } from "./app/ingest/assignment-watch.ts";
import { DeviceOrder } from "./app/ingest/device-order.ts";
import { IngestReport } from "./app/ingest/ingest-report.ts";
import { IngestTelemetry } from "./app/ingest/ingest-telemetry.ts";
import { ReadmitWindows } from "./app/ingest/readmit-windows.ts";
import { RefusalCounts } from "./app/ingest/refusal-counts.ts";
import { ShowRefusals } from "./app/ingest/show-refusals.ts";
import { SummarizeTelemetry } from "./app/ingest/summarize-telemetry.ts";
import { AnnounceMaintenance } from "./app/maintenance/announce-maintenance.ts";
import { EndMaintenance } from "./app/maintenance/end-maintenance.ts";
import { ListMaintenance } from "./app/maintenance/list-maintenance.ts";
import type { MaintenancePorts } from "./app/maintenance/maintenance-ports.ts";
import { ReadMetrics } from "./app/metrics/read-metrics.ts";
import { LearnProfile } from "./app/profile/learn-profile.ts";
import { ApproveRelease } from "./app/release/approve-release.ts";
import { ListReleases } from "./app/release/list-releases.ts";
import { PublishRelease } from "./app/release/publish-release.ts";
import { ReadBlob } from "./app/release/read-blob.ts";
import { ReadReleaseEnvelope } from "./app/release/read-release-envelope.ts";
import { ReleaseProfiles } from "./app/release/release-profiles.ts";
import { ShowRelease } from "./app/release/show-release.ts";
import { CommandRollout } from "./app/rollout/command-rollout.ts";
import { CreateRollout, type CreateRolloutPorts } from "./app/rollout/create-rollout.ts";
import { CreateRolloutOnce } from "./app/rollout/create-rollout-once.ts";
import { resumeRollout } from "./app/rollout/engine/resume-rollout.ts";
import { RolloutTurns } from "./app/rollout/engine/rollout-turns.ts";
import { ExcludeDevice } from "./app/rollout/exclude-device.ts";
import { ExplainDevice } from "./app/rollout/explain-device.ts";
import { FollowRollout } from "./app/rollout/follow-rollout.ts";
import { ListRolloutDevices } from "./app/rollout/list-rollout-devices.ts";
import { ListRollouts } from "./app/rollout/list-rollouts.ts";
import { PreviewRollout } from "./app/rollout/preview-rollout.ts";
import { RolloutEngine } from "./app/rollout/rollout-engine.ts";
import { RolloutLanes } from "./app/rollout/rollout-lanes.ts";
import { RolloutSignal } from "./app/rollout/rollout-signal.ts";
import { ShowRollout } from "./app/rollout/show-rollout.ts";
import { PublishRoot } from "./app/root/publish-root.ts";
import { ShowRoot } from "./app/root/show-root.ts";
import type { Ports } from "./application-ports.ts";
import { enrolOverBus } from "./http/enrol-over-bus.ts";
import type { UseCases } from "./http/services.ts";
import type { DeviceDoor } from "./ports/device-door.ts";

export type { Ports } from "./application-ports.ts";

export interface Application {
  readonly acks: AckSender;
  readonly deliveries: DeliverEvents;
  readonly door: DeviceDoor;
  readonly driftEngine: DriftEngine;
  readonly presence: TrackPresence;
  readonly readmissions: ReadmitWindows;
  readonly rolloutEngine: RolloutEngine;
  readonly roots: PublishRoot;
  readonly useCases: UseCases;
}

/** The use cases over their ports; nothing runs yet. */
export function compose(given: Ports): Application {
  const acks = new AckSender(given);
  const rolloutSignal = new RolloutSignal();
  const presencePorts = { ...given, refusals: new RefusalCounts(given) };
  const ports = {
    ...presencePorts,
    watch: new AssignmentWatch(presencePorts),
    acks,
    catalog: targetCatalog,
    order: new DeviceOrder(),
    lanes: new RolloutLanes(),
    profiles: new ReleaseProfiles(given),
    wake: rolloutSignal.wake,
  };
  const rolloutEngine = rolloutEngineOf(ports);
  const driftEngine = driftEngineOf(ports);
  const readmissions = new ReadmitWindows(ports);
  const onPublished = () => void readmissions.run();
  listenFor(rolloutSignal, rolloutEngine, given);
  const authenticate = new AuthenticateDevice(ports);
  const enrol = new EnrolDevice(ports);
  const roots = new PublishRoot(ports);
  const presence = new TrackPresence(ports);
  const hello = new AnswerHello(ports);
  const report = new IngestReport(ports);
  const telemetry = new IngestTelemetry(ports);
  const getDesired = new AnswerGetDesired(ports);
  return {
    acks,
    deliveries: new DeliverEvents(ports),
    presence,
    readmissions,
    driftEngine,
    rolloutEngine,
    roots,
    door: {
      ...loginDoor(authenticate, enrol, new ReportDuplicate(ports)),
      receive: async (topic, payload) => {
        if (topic.kind === "request") return getDesired.run(topic.device);
        const streams = { online: presence, hello, report, tele: telemetry };
        await streams[topic.stream].run(topic.device, payload);
      },
    },
    useCases: {
      ...accessUseCases(ports),
      ...deploymentUseCases(ports),
      ...driftUseCases(ports),
      ...fleetUseCases(ports),
      ...releaseUseCases({ ...ports, onPublished }),
      ...rolloutUseCases(ports),
      ...webhookUseCases(ports),
      authenticateDevice: authenticate,
      enrolDevice: enrol,
      exportBundle: new ExportBundle({ ...ports, answerHello: hello }),
      publishRoot: roots,
      readAudit: new ReadAudit(ports),
      readMetrics: new ReadMetrics({
        ...ports,
        judgedCells: () => driftEngine.judgedCells(),
        telemetryCounts: () => telemetry.counts(),
      }),
      showRefusals: new ShowRefusals(ports),
      showRoot: new ShowRoot(ports),
      summarizeTelemetry: new SummarizeTelemetry(ports),
    },
  };
}

function driftEngineOf(ports: Ports & JudgeCellPorts & EndSilentAlertsPorts): DriftEngine {
  const [judge, silent] = [new JudgeCell(ports), new EndSilentAlerts(ports)];
  return new DriftEngine({
    ...ports,
    judge: (cell) => judge.run(cell),
    endSilent: () => silent.run(),
  });
}

function rolloutEngineOf(ports: Ports & CreateRolloutPorts): RolloutEngine {
  return new RolloutEngine({
    ...ports,
    turn: new RolloutTurns(ports).run,
    resume: (rollout) => resumeRollout(ports, rollout),
  });
}

function loginDoor(
  authenticate: AuthenticateDevice,
  enrol: EnrolDevice,
  duplicate: ReportDuplicate,
): Omit<DeviceDoor, "receive"> {
  return {
    authenticate: async (device, secret) => (await authenticate.run(device, secret)) === device,
    recognize: (device, publicKey) => authenticate.recognizes(device, publicKey),
    enrol: (question) => enrolOverBus(enrol, question),
    duplicate: (device) => duplicate.run(device),
  };
}

function listenFor(
  signal: RolloutSignal,
  { wake }: RolloutEngine,
  { onWake }: Pick<Ports, "onWake">,
): void {
  signal.listen(onWake === undefined ? wake : (rollout) => onWake(rollout, wake));
}

function accessUseCases(ports: Ports) {
  return {
    authenticateCaller: new AuthenticateCaller(ports),
    createApiKey: new CreateApiKey(ports),
    listApiKeys: new ListApiKeys(ports),
    revokeApiKey: new RevokeApiKey(ports),
  };
}

type DeploymentPorts = ConstructorParameters<typeof DeployRelease>[0];

function deploymentUseCases(ports: DeploymentPorts) {
  return {
    approveDeployment: new ApproveDeployment(ports),
    deployRelease: new DeployRelease(ports),
    listDeployments: new ListDeployments(ports),
    showDeployment: new ShowDeployment(ports),
  };
}

type ReleasePorts = Ports & ConstructorParameters<typeof PublishRelease>[0];

function releaseUseCases(ports: ReleasePorts) {
  return {
    approveRelease: new ApproveRelease(ports),
    listReleases: new ListReleases(ports),
    publishRelease: new PublishRelease(ports),
    readBlob: new ReadBlob(ports),
    readReleaseEnvelope: new ReadReleaseEnvelope(ports),
    showRelease: new ShowRelease(ports),
  };
}

type DriftPorts = ConstructorParameters<typeof AcknowledgeAlert>[0] &
  MaintenancePorts &
  ConstructorParameters<typeof LearnProfile>[0] &
  ConstructorParameters<typeof ShowDrift>[0] &
  ConstructorParameters<typeof ShowQuarantine>[0];

function driftUseCases(ports: DriftPorts) {
  return {
    acknowledgeAlert: new AcknowledgeAlert(ports),
    announceMaintenance: new AnnounceMaintenance(ports),
    endMaintenance: new EndMaintenance(ports),
    learnProfile: new LearnProfile(ports),
    listAlerts: new ListAlerts(ports),
    listMaintenance: new ListMaintenance(ports),
    showAlert: new ShowAlert(ports),
    showDrift: new ShowDrift(ports),
    showQuarantine: new ShowQuarantine(ports),
  };
}

function fleetUseCases(ports: Ports) {
  return {
    approveDevice: new ApproveDevice(ports),
    changeDevice: new ChangeDevice(ports),
    createClaim: new CreateClaim(ports),
    fetchCertificate: new FetchCertificate(ports),
    listClaims: new ListClaims(ports),
    listDevices: new ListDevices(ports),
    revokeClaim: new RevokeClaim(ports),
    revokeDevice: new RevokeDevice(ports),
    showClientTrust: new ShowClientTrust(ports),
    showDevice: new ShowDevice(ports),
  };
}

function webhookUseCases(ports: WebhookPorts) {
  const listWebhooks = new ListWebhooks(ports);
  return {
    addWebhook: new AddWebhook(ports),
    changeWebhook: new ChangeWebhook(ports),
    listWebhooks,
    redeliverEvent: new RedeliverEvent({ ...ports, listWebhooks }),
  };
}

function rolloutUseCases(ports: CreateRolloutPorts) {
  const show = new ShowRollout(ports);
  const create = new CreateRollout(ports);
  return {
    commandRollout: new CommandRollout(ports),
    createRollout: new CreateRolloutOnce({ ...ports, create, show }),
    excludeDevice: new ExcludeDevice(ports),
    explainDevice: new ExplainDevice(ports),
    followRollout: new FollowRollout(ports),
    listRolloutDevices: new ListRolloutDevices(ports),
    listRollouts: new ListRollouts(ports),
    previewRollout: new PreviewRollout(ports),
    showRollout: show,
  };
}
