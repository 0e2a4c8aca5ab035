import type { AuthenticateCaller } from "../app/access/authenticate-caller.ts";
import type { CreateApiKey } from "../app/access/create-api-key.ts";
import type { ListApiKeys } from "../app/access/list-api-keys.ts";
import type { RevokeApiKey } from "../app/access/revoke-api-key.ts";
import type { ReadAudit } from "../app/audit/read-audit.ts";
import type { ExportBundle } from "../app/bundle/export-bundle.ts";
import type { ApproveDeployment } from "../app/deployment/approve-deployment.ts";
import type { DeployRelease } from "../app/deployment/deploy-release.ts";
import type { ListDeployments } from "../app/deployment/list-deployments.ts";
import type { ShowDeployment } from "../app/deployment/show-deployment.ts";
import type { AddWebhook } from "../app/events/add-webhook.ts";
import type { ChangeWebhook } from "../app/events/change-webhook.ts";
import type { ListWebhooks } from "../app/events/list-webhooks.ts";
import type { RedeliverEvent } from "../app/events/redeliver-event.ts";
import type { ApproveDevice } from "../app/fleet/approve-device.ts";
import type { AuthenticateDevice } from "../app/fleet/authenticate-device.ts";
import type { ChangeDevice } from "../app/fleet/change-device.ts";
import type { CreateClaim } from "../app/fleet/create-claim.ts";
import type { EnrolDevice } from "../app/fleet/enrol-device.ts";
import type { FetchCertificate } from "../app/fleet/fetch-certificate.ts";
import type { ListClaims } from "../app/fleet/list-claims.ts";
import type { ListDevices } from "../app/fleet/list-devices.ts";
import type { RevokeClaim } from "../app/fleet/revoke-claim.ts";
import type { RevokeDevice } from "../app/fleet/revoke-device.ts";
import type { ShowClientTrust } from "../app/fleet/show-client-trust.ts";
import type { ShowDevice } from "../app/fleet/show-device.ts";
import type { ShowRefusals } from "../app/ingest/show-refusals.ts";
import type { SummarizeTelemetry } from "../app/ingest/summarize-telemetry.ts";
import type { ApproveRelease } from "../app/release/approve-release.ts";
import type { ListReleases } from "../app/release/list-releases.ts";
import type { PublishRelease } from "../app/release/publish-release.ts";
import type { ReadBlob } from "../app/release/read-blob.ts";
import type { ReadReleaseEnvelope } from "../app/release/read-release-envelope.ts";
import type { ShowRelease } from "../app/release/show-release.ts";
import type { CommandRollout } from "../app/rollout/command-rollout.ts";
import type { CreateRolloutOnce } from "../app/rollout/create-rollout-once.ts";
import type { ExcludeDevice } from "../app/rollout/exclude-device.ts";
import type { ExplainDevice } from "../app/rollout/explain-device.ts";
import type { FollowRollout } from "../app/rollout/follow-rollout.ts";
import type { ListRolloutDevices } from "../app/rollout/list-rollout-devices.ts";
import type { ListRollouts } from "../app/rollout/list-rollouts.ts";
import type { PreviewRollout } from "../app/rollout/preview-rollout.ts";
import type { ShowRollout } from "../app/rollout/show-rollout.ts";
import type { PublishRoot } from "../app/root/publish-root.ts";
import type { ShowRoot } from "../app/root/show-root.ts";

/** The use cases this room offers to the outside; each is injected by its class. */
export interface UseCases {
  readonly addWebhook: AddWebhook;
  readonly approveDeployment: ApproveDeployment;
  readonly approveRelease: ApproveRelease;
  readonly authenticateCaller: AuthenticateCaller;
  readonly approveDevice: ApproveDevice;
  readonly authenticateDevice: AuthenticateDevice;
  readonly changeDevice: ChangeDevice;
  readonly changeWebhook: ChangeWebhook;
  readonly commandRollout: CommandRollout;
  readonly createApiKey: CreateApiKey;
  readonly createClaim: CreateClaim;
  readonly createRollout: CreateRolloutOnce;
  readonly deployRelease: DeployRelease;
  readonly enrolDevice: EnrolDevice;
  readonly excludeDevice: ExcludeDevice;
  readonly explainDevice: ExplainDevice;
  readonly exportBundle: ExportBundle;
  readonly fetchCertificate: FetchCertificate;
  readonly followRollout: FollowRollout;
  readonly listApiKeys: ListApiKeys;
  readonly listClaims: ListClaims;
  readonly listDeployments: ListDeployments;
  readonly listDevices: ListDevices;
  readonly listReleases: ListReleases;
  readonly listRolloutDevices: ListRolloutDevices;
  readonly listRollouts: ListRollouts;
  readonly listWebhooks: ListWebhooks;
  readonly previewRollout: PreviewRollout;
  readonly publishRelease: PublishRelease;
  readonly publishRoot: PublishRoot;
  readonly readAudit: ReadAudit;
  readonly readBlob: ReadBlob;
  readonly readReleaseEnvelope: ReadReleaseEnvelope;
  readonly redeliverEvent: RedeliverEvent;
  readonly revokeApiKey: RevokeApiKey;
  readonly revokeClaim: RevokeClaim;
  readonly revokeDevice: RevokeDevice;
  readonly showClientTrust: ShowClientTrust;
  readonly showDeployment: ShowDeployment;
  readonly showDevice: ShowDevice;
  readonly showRefusals: ShowRefusals;
  readonly showRelease: ShowRelease;
  readonly showRollout: ShowRollout;
  readonly showRoot: ShowRoot;
  readonly summarizeTelemetry: SummarizeTelemetry;
}

/** What the health routes ask; each resolves when that part of the controller works, and rejects when not. */
export interface HealthChecks {
  readonly database: () => Promise<void>;
  readonly broker: () => Promise<void>;
}

/** The signed root document of a version, as its exact bytes; undefined when there is none. */
export type ReadRoot = (version: number) => Uint8Array | undefined;
