import { targetCatalog } from "@modelfleet/protocol";
import type { DeviceDoor } from "./adapters/aedes-broker/device-door.ts";
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
import { DriftEngine } from "./app/drift/drift-engine.ts";
import { JudgeCell } from "./app/drift/judge-cell.ts";
import { AddWebhook } from "./app/events/add-webhook.ts";
import { ChangeWebhook } from "./app/events/change-webhook.ts";
import { DeliverEvents } from "./app/events/deliver-events.ts";
import { ListWebhooks } from "./app/events/list-webhooks.ts";
import { RedeliverEvent } from "./app/events/redeliver-event.ts";
import type { WebhookPorts } from "./app/events/webhook-ports.ts";
import { ApproveDevice } from "./app/fleet/approve-device.ts";
import { AuthenticateDevice } from "./app/fleet/authenticate-device.ts";
import { ChangeDevice } from "./app/fleet/change-device.ts";
import { CreateClaim, type Endpoints } from "./app/fleet/create-claim.ts";
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
import { RefusalCounts } from "./app/ingest/refusal-counts.ts";
import { ShowRefusals } from "./app/ingest/show-refusals.ts";
import { SummarizeTelemetry } from "./app/ingest/summarize-telemetry.ts";
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
import { enrolOverBus } from "./http/enrol-over-bus.ts";
import type { UseCases } from "./http/services.ts";
import type { AccessStore } from "./ports/access-store.ts";
import type { AuditLog, AuditTally } from "./ports/audit-log.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import type { Calendar } from "./ports/calendar.ts";
import type { CertificateAuthority } from "./ports/certificate-authority.ts";
import type { CertificateStore } from "./ports/certificate-store.ts";
import type { Clock } from "./ports/clock.ts";
import type { DeploymentStore } from "./ports/deployment-store.ts";
import type { DeviceBus } from "./ports/device-bus.ts";
import type { AlertStore, DriftStore } from "./ports/drift-store.ts";
import type { EventLog } from "./ports/event-log.ts";
import type { EventSender } from "./ports/event-sender.ts";
import type { EventStore } from "./ports/event-store.ts";
import type { FleetStore } from "./ports/fleet-store.ts";
import type { Keys } from "./ports/keys.ts";
import type { ReleaseStore } from "./ports/release-store.ts";
import type { RolloutStore } from "./ports/rollout-store.ts";
import type { TelemetryStore } from "./ports/telemetry-store.ts";
import type { TokenVerifier } from "./ports/token-verifier.ts";

/** Every port of the controller, behind which the adapters are. */
export interface Ports {
  readonly authority: CertificateAuthority | undefined;
  readonly certificates: CertificateStore;
  readonly access: AccessStore;
  readonly audit: AuditLog;
  readonly blobs: BlobStore;
  /** Lets others have a turn of the process, between two commits of many. */
  readonly breathe: () => Promise<void>;
  readonly bus: DeviceBus;
  readonly calendar: Calendar;
  readonly clock: Clock;
  readonly deployments: DeploymentStore;
  readonly drift: DriftStore & AlertStore;
  /** Length of a cell of the grid that telemetry is judged in; 15 min when left out. */
  readonly driftWindowMs?: number;
  readonly events: EventStore;
  readonly fleet: FleetStore;
  readonly keys: Keys;
  readonly log: EventLog;
  /** Told of a failure nobody expected. */
  readonly onDefect: (error: unknown) => void;
  readonly releases: ReleaseStore;
  readonly rollouts: RolloutStore;
  /** Of events, to other systems. */
  readonly sender: EventSender;
  readonly tally: AuditTally;
  readonly telemetry: TelemetryStore;
  readonly tokens?: TokenVerifier | undefined;
  readonly releasesAwaitApproval?: boolean;
  readonly rolloutsAwaitApproval?: boolean;
  /** A rollout is to have a turn: by `wake`, now or a little later. At once where it is left out. */
  readonly onWake?: (rollout: string, wake: (rollout: string) => void) => void;
  readonly endpoints: () => Endpoints;
}

export interface Application {
  readonly acks: AckSender;
  readonly deliveries: DeliverEvents;
  readonly door: DeviceDoor;
  readonly driftEngine: DriftEngine;
  readonly presence: TrackPresence;
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
  const rolloutEngine = new RolloutEngine({
    ...ports,
    turn: new RolloutTurns(ports).run,
    resume: (rollout) => resumeRollout(ports, rollout),
  });
  const judge = new JudgeCell(ports);
  const driftEngine = new DriftEngine({ ...ports, judge: (cell) => judge.run(cell) });
  listenFor(rolloutSignal, rolloutEngine, given);
  const authenticate = new AuthenticateDevice(ports);
  const enrol = new EnrolDevice(ports);
  const duplicate = new ReportDuplicate(ports);
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
    driftEngine,
    rolloutEngine,
    roots,
    door: {
      ...loginDoor(authenticate, enrol),
      receive: async (topic, payload) => {
        if (topic.kind === "request") return getDesired.run(topic.device);
        const streams = { online: presence, hello, report, tele: telemetry };
        await streams[topic.stream].run(topic.device, payload);
      },
      duplicate: (device) => duplicate.run(device),
    },
    useCases: {
      ...accessUseCases(ports),
      ...fleetUseCases(ports),
      ...rolloutUseCases(ports),
      ...webhookUseCases(ports),
      approveDeployment: new ApproveDeployment(ports),
      approveRelease: new ApproveRelease(ports),
      authenticateDevice: authenticate,
      deployRelease: new DeployRelease(ports),
      enrolDevice: enrol,
      exportBundle: new ExportBundle({ ...ports, answerHello: hello }),
      listDeployments: new ListDeployments(ports),
      listReleases: new ListReleases(ports),
      publishRelease: new PublishRelease(ports),
      publishRoot: roots,
      readAudit: new ReadAudit(ports),
      readBlob: new ReadBlob(ports),
      readReleaseEnvelope: new ReadReleaseEnvelope(ports),
      showDeployment: new ShowDeployment(ports),
      showRefusals: new ShowRefusals(ports),
      showRelease: new ShowRelease(ports),
      showRoot: new ShowRoot(ports),
      summarizeTelemetry: new SummarizeTelemetry(ports),
    },
  };
}

function loginDoor(
  authenticate: AuthenticateDevice,
  enrol: EnrolDevice,
): Pick<DeviceDoor, "authenticate" | "enrol" | "recognize"> {
  return {
    authenticate: async (device, secret) => (await authenticate.run(device, secret)) === device,
    recognize: (device, publicKey) => authenticate.recognizes(device, publicKey),
    enrol: (question) => enrolOverBus(enrol, question),
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
