import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { createClaims, createDevices } from "./migration-1-fleet.ts";
import { createDeployments, createReleases } from "./migration-1-releases.ts";
import { createTelemetry } from "./migration-1-telemetry.ts";
import { indexBatchesByAge } from "./migration-2-retention.ts";
import { createAudit, createTelemetryBoots } from "./migration-3-audit.ts";
import { addApprovals, createApiKeys } from "./migration-4-access.ts";
import { boundClaims, deviceStates } from "./migration-5-identity.ts";
import { createCertificates } from "./migration-6-certificates.ts";
import { addDeferral } from "./migration-7-deferral.ts";
import {
  createDeviceLabels,
  createRollouts,
  indexAuditBySubject,
  indexNewestOrders,
  widenDesiredSlots,
} from "./migration-8-rollouts.ts";
import { addHelloReports } from "./migration-9-hello-reports.ts";
import { createEvents, createWebhooks } from "./migration-10-events.ts";
import {
  createAlerts,
  createDriftCells,
  createDriftRollups,
  createLabels,
  createQuarantine,
} from "./migration-11-drift.ts";
import { indexAlerts, widenWindowsOfRelease } from "./migration-12-lookups.ts";
import { createMaintenance } from "./migration-13-maintenance.ts";

/** In the order of their names. What was released is never changed; a change is a new migration. */
export const migrations: Record<string, Migration> = {
  "0001-first": {
    up: async (database: Kysely<unknown>) => {
      await createClaims(database);
      await createDevices(database);
      await createReleases(database);
      await createDeployments(database);
      await createTelemetry(database);
    },
  },
  "0002-retention": { up: indexBatchesByAge },
  "0003-audit": {
    up: async (database: Kysely<unknown>) => {
      await createAudit(database);
      await createTelemetryBoots(database);
    },
  },
  "0004-access": {
    up: async (database: Kysely<unknown>) => {
      await createApiKeys(database);
      await addApprovals(database);
    },
  },
  "0005-identity": {
    up: async (database: Kysely<unknown>) => {
      await boundClaims(database);
      await deviceStates(database);
    },
  },
  "0006-certificates": { up: createCertificates },
  "0007-deferral": { up: addDeferral },
  "0008-rollouts": {
    up: async (database: Kysely<unknown>) => {
      await createRollouts(database);
      await widenDesiredSlots(database);
      await createDeviceLabels(database);
      await indexAuditBySubject(database);
      await indexNewestOrders(database);
    },
  },
  "0009-hello-reports": { up: addHelloReports },
  "0010-events": {
    up: async (database: Kysely<unknown>) => {
      await createEvents(database);
      await createWebhooks(database);
    },
  },
  "0011-drift": {
    up: async (database: Kysely<unknown>) => {
      await createDriftCells(database);
      await createDriftRollups(database);
      await createAlerts(database);
      await createQuarantine(database);
      await createLabels(database);
    },
  },
  "0012-lookups": {
    up: async (database: Kysely<unknown>) => {
      await widenWindowsOfRelease(database);
      await indexAlerts(database);
    },
  },
  "0013-maintenance": { up: createMaintenance },
};
