import { AuthenticateCaller } from "../app/access/authenticate-caller.ts";
import { CreateApiKey } from "../app/access/create-api-key.ts";
import { ListApiKeys } from "../app/access/list-api-keys.ts";
import { RevokeApiKey } from "../app/access/revoke-api-key.ts";
import { ReadAudit } from "../app/audit/read-audit.ts";
import { ExportBundle } from "../app/bundle/export-bundle.ts";
import { ApproveDeployment } from "../app/deployment/approve-deployment.ts";
import { DeployRelease } from "../app/deployment/deploy-release.ts";
import { ListDeployments } from "../app/deployment/list-deployments.ts";
import { ShowDeployment } from "../app/deployment/show-deployment.ts";
import { AcknowledgeAlert } from "../app/drift/acknowledge-alert.ts";
import { ListAlerts } from "../app/drift/list-alerts.ts";
import { ShowAlert } from "../app/drift/show-alert.ts";
import { ShowDrift } from "../app/drift/show-drift.ts";
import { ShowQuarantine } from "../app/drift/show-quarantine.ts";
import { AddWebhook } from "../app/events/add-webhook.ts";
import { ChangeWebhook } from "../app/events/change-webhook.ts";
import { ListWebhooks } from "../app/events/list-webhooks.ts";
import { RedeliverEvent } from "../app/events/redeliver-event.ts";
import { ApproveDevice } from "../app/fleet/approve-device.ts";
import { AuthenticateDevice } from "../app/fleet/authenticate-device.ts";
import { ChangeDevice } from "../app/fleet/change-device.ts";
import { CreateClaim } from "../app/fleet/create-claim.ts";
import { EnrolDevice } from "../app/fleet/enrol-device.ts";
import { FetchCertificate } from "../app/fleet/fetch-certificate.ts";
import { ListClaims } from "../app/fleet/list-claims.ts";
import { ListDevices } from "../app/fleet/list-devices.ts";
import { RevokeClaim } from "../app/fleet/revoke-claim.ts";
import { RevokeDevice } from "../app/fleet/revoke-device.ts";
import { ShowClientTrust } from "../app/fleet/show-client-trust.ts";
import { ShowDevice } from "../app/fleet/show-device.ts";
import { ShowRefusals } from "../app/ingest/show-refusals.ts";
import { SummarizeTelemetry } from "../app/ingest/summarize-telemetry.ts";
import { AnnounceMaintenance } from "../app/maintenance/announce-maintenance.ts";
import { EndMaintenance } from "../app/maintenance/end-maintenance.ts";
import { ListMaintenance } from "../app/maintenance/list-maintenance.ts";
import { ReadMetrics } from "../app/metrics/read-metrics.ts";
import { LearnProfile } from "../app/profile/learn-profile.ts";
import { ApproveRelease } from "../app/release/approve-release.ts";
import { ListReleases } from "../app/release/list-releases.ts";
import { PublishRelease } from "../app/release/publish-release.ts";
import { ReadBlob } from "../app/release/read-blob.ts";
import { ReadReleaseEnvelope } from "../app/release/read-release-envelope.ts";
import { ShowRelease } from "../app/release/show-release.ts";
import { CommandRollout } from "../app/rollout/command-rollout.ts";
import { CreateRolloutOnce } from "../app/rollout/create-rollout-once.ts";
import { ExcludeDevice } from "../app/rollout/exclude-device.ts";
import { ExplainDevice } from "../app/rollout/explain-device.ts";
import { FollowRollout } from "../app/rollout/follow-rollout.ts";
import { ListRolloutDevices } from "../app/rollout/list-rollout-devices.ts";
import { ListRollouts } from "../app/rollout/list-rollouts.ts";
import { PreviewRollout } from "../app/rollout/preview-rollout.ts";
import { ShowRollout } from "../app/rollout/show-rollout.ts";
import { PublishRoot } from "../app/root/publish-root.ts";
import { ShowRoot } from "../app/root/show-root.ts";
import type { UseCases } from "./services.ts";

/** Of their class and nothing more: the routes are read, never called. */
export function unwiredUseCases(): UseCases {
  return {
    showQuarantine: unwired(ShowQuarantine),
    showDrift: unwired(ShowDrift),
    showAlert: unwired(ShowAlert),
    learnProfile: unwired(LearnProfile),
    listAlerts: unwired(ListAlerts),
    acknowledgeAlert: unwired(AcknowledgeAlert),
    addWebhook: unwired(AddWebhook),
    announceMaintenance: unwired(AnnounceMaintenance),
    approveDeployment: unwired(ApproveDeployment),
    approveRelease: unwired(ApproveRelease),
    authenticateCaller: unwired(AuthenticateCaller),
    approveDevice: unwired(ApproveDevice),
    authenticateDevice: unwired(AuthenticateDevice),
    changeDevice: unwired(ChangeDevice),
    changeWebhook: unwired(ChangeWebhook),
    commandRollout: unwired(CommandRollout),
    createApiKey: unwired(CreateApiKey),
    createClaim: unwired(CreateClaim),
    createRollout: unwired(CreateRolloutOnce),
    deployRelease: unwired(DeployRelease),
    endMaintenance: unwired(EndMaintenance),
    enrolDevice: unwired(EnrolDevice),
    excludeDevice: unwired(ExcludeDevice),
    explainDevice: unwired(ExplainDevice),
    exportBundle: unwired(ExportBundle),
    fetchCertificate: unwired(FetchCertificate),
    followRollout: unwired(FollowRollout),
    listApiKeys: unwired(ListApiKeys),
    listClaims: unwired(ListClaims),
    listDeployments: unwired(ListDeployments),
    listDevices: unwired(ListDevices),
    listMaintenance: unwired(ListMaintenance),
    listReleases: unwired(ListReleases),
    listRolloutDevices: unwired(ListRolloutDevices),
    listRollouts: unwired(ListRollouts),
    listWebhooks: unwired(ListWebhooks),
    previewRollout: unwired(PreviewRollout),
    publishRelease: unwired(PublishRelease),
    publishRoot: unwired(PublishRoot),
    readAudit: unwired(ReadAudit),
    readBlob: unwired(ReadBlob),
    readMetrics: unwired(ReadMetrics),
    readReleaseEnvelope: unwired(ReadReleaseEnvelope),
    redeliverEvent: unwired(RedeliverEvent),
    revokeApiKey: unwired(RevokeApiKey),
    revokeClaim: unwired(RevokeClaim),
    revokeDevice: unwired(RevokeDevice),
    showClientTrust: unwired(ShowClientTrust),
    showDeployment: unwired(ShowDeployment),
    showDevice: unwired(ShowDevice),
    showRefusals: unwired(ShowRefusals),
    showRelease: unwired(ShowRelease),
    showRollout: unwired(ShowRollout),
    showRoot: unwired(ShowRoot),
    summarizeTelemetry: unwired(SummarizeTelemetry),
  };
}

function unwired<T extends object>(useCase: { readonly prototype: T }): T {
  return Object.create(useCase.prototype) as T;
}
