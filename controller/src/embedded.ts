import { openBlobFolder } from "./adapters/blob-folder/blob-folder.ts";
import { cronerCalendar } from "./adapters/calendar/croner-calendar.ts";
import { metricsText } from "./adapters/metrics/metrics-text.ts";
import { openDatabase, type Stores } from "./adapters/sql/open-database.ts";
import { webhookSender } from "./adapters/webhook-http/webhook-sender.ts";
import { MinuteTally } from "./app/audit/minute-tally.ts";
import { type Application, compose, type Ports } from "./compose.ts";

export { localPrincipal } from "./domain/access/principal.ts";
export type { Clock } from "./ports/clock.ts";
export type { DeviceBus } from "./ports/device-bus.ts";
export type { EventLog, LogEvent } from "./ports/event-log.ts";
export type { Keys } from "./ports/keys.ts";

/** What a controller gets from the program it lives in: the way to its devices, time and keys. */
export interface EmbeddedSurroundings
  extends Pick<
    Ports,
    "breathe" | "bus" | "clock" | "keys" | "log" | "onDefect" | "onWake" | "rolloutsAwaitApproval"
  > {
  /** SQLite file, or `:memory:`. */
  readonly file: string;
  readonly blobFolder: string;
}

export interface EmbeddedController extends AsyncDisposable {
  readonly app: Application;
  readonly stores: Stores;
}

/**
 * A controller inside another of our programs (the simulator) or a test: everything but broker and API. Nothing runs by
 * itself before `app.acks` and `app.rolloutEngine` are started; both are ended with it.
 *
 * @throws StoreError
 */
export async function openEmbedded({
  file,
  blobFolder,
  ...given
}: EmbeddedSurroundings): Promise<EmbeddedController> {
  const blobs = await openBlobFolder(blobFolder);
  const stores = await openDatabase(file);
  const app = compose({
    ...given,
    ...stores,
    authority: undefined,
    blobs,
    calendar: cronerCalendar(),
    sender: webhookSender([]),
    writeMetrics: metricsText,
    tally: new MinuteTally({ ...given, audit: stores.audit }),
    endpoints: () => ({ controllerUrl: "http://fleet.test", brokerUrl: "mqtt://fleet.test" }),
  });
  return {
    app,
    stores,
    [Symbol.asyncDispose]: async () => {
      await app.readmissions[Symbol.asyncDispose]();
      await app.driftEngine[Symbol.asyncDispose]();
      await app.rolloutEngine[Symbol.asyncDispose]();
      await app.acks[Symbol.asyncDispose]();
      await stores[Symbol.asyncDispose]();
    },
  };
}
