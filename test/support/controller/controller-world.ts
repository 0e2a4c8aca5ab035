/**
 * Every use case of the controller over a real database in memory and a real blob folder, with the fixture fleet's keys,
 * a clock that stands still and a bus that only remembers.
 */

import {
  type DeviceId,
  type Labels,
  type ModelName,
  type Sha256,
  targetCatalog,
} from "@modelfleet/protocol";
import { openBlobFolder } from "../../../controller/src/adapters/blob-folder/blob-folder.ts";
import { cronerCalendar } from "../../../controller/src/adapters/calendar/croner-calendar.ts";
import { openDatabase } from "../../../controller/src/adapters/sql/open-database.ts";
import { MinuteTally } from "../../../controller/src/app/audit/minute-tally.ts";
import { DeployRelease } from "../../../controller/src/app/deployment/deploy-release.ts";
import { ListDeployments } from "../../../controller/src/app/deployment/list-deployments.ts";
import { ShowDeployment } from "../../../controller/src/app/deployment/show-deployment.ts";
import { ApproveDevice } from "../../../controller/src/app/fleet/approve-device.ts";
import { AuthenticateDevice } from "../../../controller/src/app/fleet/authenticate-device.ts";
import { ChangeDevice } from "../../../controller/src/app/fleet/change-device.ts";
import { CreateClaim } from "../../../controller/src/app/fleet/create-claim.ts";
import { EnrolDevice } from "../../../controller/src/app/fleet/enrol-device.ts";
import { ListClaims } from "../../../controller/src/app/fleet/list-claims.ts";
import { ListDevices } from "../../../controller/src/app/fleet/list-devices.ts";
import { RevokeClaim } from "../../../controller/src/app/fleet/revoke-claim.ts";
import { RevokeDevice } from "../../../controller/src/app/fleet/revoke-device.ts";
import { ShowDevice } from "../../../controller/src/app/fleet/show-device.ts";
import { TrackPresence } from "../../../controller/src/app/fleet/track-presence.ts";
import { AckSender } from "../../../controller/src/app/ingest/ack-sender.ts";
import { AnswerGetDesired } from "../../../controller/src/app/ingest/answer-get-desired.ts";
import { AnswerHello } from "../../../controller/src/app/ingest/answer-hello.ts";
import { AssignmentWatch } from "../../../controller/src/app/ingest/assignment-watch.ts";
import { DeviceOrder } from "../../../controller/src/app/ingest/device-order.ts";
import { IngestReport } from "../../../controller/src/app/ingest/ingest-report.ts";
import { IngestTelemetry } from "../../../controller/src/app/ingest/ingest-telemetry.ts";
import { RefusalCounts } from "../../../controller/src/app/ingest/refusal-counts.ts";
import { ShowRefusals } from "../../../controller/src/app/ingest/show-refusals.ts";
import { SummarizeTelemetry } from "../../../controller/src/app/ingest/summarize-telemetry.ts";
import { RecoverStores } from "../../../controller/src/app/recover-stores.ts";
import { ListReleases } from "../../../controller/src/app/release/list-releases.ts";
import { PublishRelease } from "../../../controller/src/app/release/publish-release.ts";
import { ReadBlob } from "../../../controller/src/app/release/read-blob.ts";
import { ReadReleaseEnvelope } from "../../../controller/src/app/release/read-release-envelope.ts";
import { ReleaseProfiles } from "../../../controller/src/app/release/release-profiles.ts";
import { ShowRelease } from "../../../controller/src/app/release/show-release.ts";
import { localPrincipal } from "../../../controller/src/domain/access/principal.ts";
import type { CertificateAuthority } from "../../../controller/src/ports/certificate-authority.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { fixtureTimes } from "../trust-fixtures.ts";
import { fixtureKeys } from "./fixture-keys.ts";
import { ManualClock } from "./manual-clock.ts";
import { RecordingBus } from "./recording-bus.ts";
import { RecordingLog } from "./recording-log.ts";
import { SimulatedDevice } from "./simulated-device.ts";
import { smallUpload } from "./upload.ts";

export type ControllerWorld = Awaited<ReturnType<typeof controllerWorld>>;

export interface WorldOptions {
  readonly uploadBytesMax?: number;
  readonly authority?: CertificateAuthority;
  /** Of the broker between devices and controller. */
  readonly mayLose?: boolean;
}

export async function controllerWorld({
  uploadBytesMax = 1_000_000,
  authority,
  mayLose = false,
}: WorldOptions = {}) {
  const folder = await temporaryFolder();
  const stores = await openDatabase(":memory:");
  const [clock, bus, log] = [
    new ManualClock(fixtureTimes.nowMs),
    new RecordingBus({ mayLose }),
    new RecordingLog(),
  ];
  const blobs = await openBlobFolder(folder.path);
  const { audit, certificates, fleet, releases, rollouts, deployments, telemetry } = stores;
  const tally = new MinuteTally({ audit, clock, log });
  const refusals = new RefusalCounts({ log, tally });
  const ports = {
    ...{ clock, bus, log, blobs, fleet, releases, deployments, telemetry, uploadBytesMax },
    ...{ audit, certificates, rollouts, tally, refusals, authority },
    calendar: cronerCalendar(),
    watch: new AssignmentWatch({ audit, clock, deployments, log, refusals }),
    keys: fixtureKeys(),
    catalog: targetCatalog,
    endpoints: () => ({
      controllerUrl: "http://fleet.test:8080",
      brokerUrl: "mqtt://fleet.test:1883",
    }),
    order: new DeviceOrder(),
    acks: new AckSender({ bus, clock, log }),
    profiles: new ReleaseProfiles({ blobs, releases }),
    wake: () => undefined,
  };
  ports.acks.start();
  tally.start();
  return {
    ...ports,
    folder,
    ...useCases(ports),
    [Symbol.asyncDispose]: async () => {
      await ports.acks[Symbol.asyncDispose]();
      await stores[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

type Ports = ConstructorParameters<typeof DeployRelease>[0] &
  ConstructorParameters<typeof IngestTelemetry>[0] &
  ConstructorParameters<typeof PublishRelease>[0] &
  ConstructorParameters<typeof CreateClaim>[0] &
  ConstructorParameters<typeof EnrolDevice>[0] &
  ConstructorParameters<typeof RecoverStores>[0];

/** What only reads is asked by the operator of this machine. */
function useCases(ports: Ports) {
  return {
    createClaim: new CreateClaim(ports),
    listClaims: { run: () => new ListClaims(ports).run(localPrincipal) },
    revokeClaim: new RevokeClaim(ports),
    enrolDevice: new EnrolDevice(ports),
    approveDevice: new ApproveDevice(ports),
    revokeDevice: new RevokeDevice(ports),
    authenticate: new AuthenticateDevice(ports),
    listDevices: {
      run: (labels: Labels = {}) => new ListDevices(ports).run(labels, localPrincipal),
    },
    showDevice: { run: (id: DeviceId) => new ShowDevice(ports).run(id, localPrincipal) },
    changeDevice: new ChangeDevice(ports),
    trackPresence: new TrackPresence(ports),
    publish: new PublishRelease(ports),
    listReleases: {
      run: (model?: ModelName) => new ListReleases(ports).run(model, localPrincipal),
    },
    showRelease: { run: (digest: Sha256) => new ShowRelease(ports).run(digest, localPrincipal) },
    readEnvelope: new ReadReleaseEnvelope(ports),
    readBlob: new ReadBlob(ports),
    deploy: new DeployRelease(ports),
    listDeployments: { run: () => new ListDeployments(ports).run(localPrincipal) },
    showDeployment: { run: (id: string) => new ShowDeployment(ports).run(id, localPrincipal) },
    answerHello: new AnswerHello(ports),
    answerGetDesired: new AnswerGetDesired(ports),
    ingestReport: new IngestReport(ports),
    ingestTelemetry: new IngestTelemetry(ports),
    showRefusals: new ShowRefusals(ports),
    summarize: {
      run: (query: Parameters<SummarizeTelemetry["run"]>[0]) =>
        new SummarizeTelemetry({ ...ports, breathe: () => Promise.resolve() }).run(
          query,
          localPrincipal,
        ),
    },
    recover: new RecoverStores(ports),
  };
}

/** A device that is enrolled, and has said nothing yet. */
export async function enrolled(world: ControllerWorld, id = "cam-0017"): Promise<SimulatedDevice> {
  const device = new SimulatedDevice(id);
  const { enrolment } = await world.createClaim.run(
    {
      class: "cam-v2",
      uses: 1,
      lifeMs: 3_600_000,
      labels: { site: "plant-a" },
    },
    localPrincipal,
  );
  await world.enrolDevice.run(device.enrolRequest(enrolment));
  return device;
}

/** The ordinary release, published. */
export async function published(world: ControllerWorld, version = "1.0.0") {
  return (await world.publish.run(smallUpload({ version }), localPrincipal)).release;
}
