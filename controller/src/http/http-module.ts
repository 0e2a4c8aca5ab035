import { blobLimits } from "@modelfleet/protocol";
import { type DynamicModule, Module, type Provider } from "@nestjs/common";
import { APP_GUARD } from "@nestjs/core";
import type { AuditTally } from "../ports/audit-log.ts";
import { AccessGuard } from "./access/access-guard.ts";
import { AddressLimiter } from "./access/address-limiter.ts";
import { AUDIT_TALLY, CountedAccess } from "./access/counted-access.ts";
import type { LocalRule } from "./access/local-rule.ts";
import { LOCAL_RULE, OperatorLogin } from "./access/operator-login.ts";
import { RequestLimits } from "./access/request-limits.ts";
import { DownloadSlots } from "./downloads/download-slots.ts";
import { SendBlob } from "./downloads/send-blob.ts";
import { READ_ROOT, SendRoot } from "./downloads/send-root.ts";
import { SendEvents } from "./rollouts/send-events.ts";
import { TagRollout } from "./rollouts/tag-rollout.ts";
import { AlertRoutes } from "./routes/alert-routes.ts";
import { ApiKeysRoutes } from "./routes/api-keys-routes.ts";
import { AuditRoutes } from "./routes/audit-routes.ts";
import { BundleRoutes } from "./routes/bundle-routes.ts";
import { ClaimsRoutes } from "./routes/claims-routes.ts";
import { ClientTrustRoutes } from "./routes/client-trust-routes.ts";
import { DeploymentsRoutes } from "./routes/deployments-routes.ts";
import { DeviceSideRoutes } from "./routes/device-side-routes.ts";
import { DeviceStateRoutes } from "./routes/device-state-routes.ts";
import { DevicesRoutes } from "./routes/devices-routes.ts";
import { DriftRoutes } from "./routes/drift-routes.ts";
import { EnrolRoutes } from "./routes/enrol-routes.ts";
import { HEALTH_CHECKS, HealthRoutes } from "./routes/health-routes.ts";
import { MaintenanceRoutes } from "./routes/maintenance-routes.ts";
import { MetricsRoutes } from "./routes/metrics-routes.ts";
import { ProfileRoutes } from "./routes/profile-routes.ts";
import { RefusalsRoutes } from "./routes/refusals-routes.ts";
import { ReleasesRoutes } from "./routes/releases-routes.ts";
import { RolloutDevicesRoutes } from "./routes/rollout-devices-routes.ts";
import { RolloutWordsRoutes } from "./routes/rollout-words-routes.ts";
import { RolloutsRoutes } from "./routes/rollouts-routes.ts";
import { RootsRoutes } from "./routes/roots-routes.ts";
import { TelemetryRoutes } from "./routes/telemetry-routes.ts";
import { WebhookRoutes } from "./routes/webhook-routes.ts";
import type { HealthChecks, ReadRoot, UseCases } from "./services.ts";

export interface HttpServices {
  readonly useCases: UseCases;
  readonly health: HealthChecks;
  readonly readRoot: ReadRoot;
  readonly local: LocalRule;
  /** Told of every caller who is not let in. */
  readonly tally: AuditTally;
  readonly nowMs: () => number;
  /** `blobLimits.parallelDownloadsMax` unless a test wants fewer. */
  readonly downloadsMax?: number;
}

/** Every route of the API. */
export const routes = [
  AlertRoutes,
  ApiKeysRoutes,
  AuditRoutes,
  BundleRoutes,
  ClaimsRoutes,
  ClientTrustRoutes,
  DeploymentsRoutes,
  DeviceSideRoutes,
  DeviceStateRoutes,
  DevicesRoutes,
  DriftRoutes,
  EnrolRoutes,
  HealthRoutes,
  MaintenanceRoutes,
  MetricsRoutes,
  ProfileRoutes,
  RefusalsRoutes,
  ReleasesRoutes,
  RolloutDevicesRoutes,
  RolloutWordsRoutes,
  RolloutsRoutes,
  RootsRoutes,
  TelemetryRoutes,
  WebhookRoutes,
];

@Module({})
class HttpModule {}

export function httpModule(services: HttpServices): DynamicModule {
  const { useCases, health, readRoot, local, tally, nowMs } = services;
  const slots = new DownloadSlots(services.downloadsMax ?? blobLimits.parallelDownloadsMax);
  return {
    module: HttpModule,
    controllers: routes,
    providers: [
      ...Object.values(useCases).map(byClass),
      { provide: APP_GUARD, useClass: CountedAccess },
      AccessGuard,
      { provide: LOCAL_RULE, useValue: local },
      { provide: AUDIT_TALLY, useValue: tally },
      OperatorLogin,
      { provide: RequestLimits, useValue: new RequestLimits(nowMs) },
      { provide: HEALTH_CHECKS, useValue: health },
      { provide: READ_ROOT, useValue: readRoot },
      { provide: DownloadSlots, useValue: slots },
      { provide: AddressLimiter, useValue: new AddressLimiter(nowMs) },
      SendBlob,
      SendEvents,
      SendRoot,
      TagRollout,
    ],
  };
}

function byClass(useCase: UseCases[keyof UseCases]): Provider {
  return { provide: useCase.constructor, useValue: useCase };
}
