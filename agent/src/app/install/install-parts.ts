import type { DeviceFacts, ReleaseDocument } from "@modelfleet/protocol";
import type { Failure } from "../../domain/install/failure.ts";
import type { ProbationRules } from "../../domain/install/probation.ts";
import type { RefusedDocument } from "../../domain/refused-document.ts";
import type { LiveFacts } from "../../domain/rehearsal/judge-live.ts";
import type { BlobSource } from "../../ports/blob-source.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Deferrals } from "../../ports/deferral.ts";
import type { FactsSource } from "../../ports/facts-source.ts";
import type { Log } from "../../ports/log.ts";
import type { ModelStore } from "../../ports/model-store.ts";
import type { Rehearse } from "../../ports/rehearsal.ts";
import type { LoadedModel, RunnerHost } from "../../ports/runner-host.ts";
import type { Serving } from "../../ports/serving.ts";
import type { UpdateLocks } from "../../ports/update-lock.ts";
import type { Report } from "../reporter.ts";
import type { ReleaseShelf } from "./release-shelf.ts";
import type { StateRecord } from "./state-record.ts";

/** All the install loop works with. */
export interface InstallParts {
  readonly record: StateRecord;
  readonly shelf: ReleaseShelf;
  readonly store: ModelStore;
  readonly source: BlobSource;
  readonly host: RunnerHost;
  readonly serving: Serving;
  readonly facts: FactsSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly report: Report;
  readonly rules: ProbationRules;
  readonly rehearse: Rehearse;
  /** What a model that serves has answered; absent where nobody measures. */
  readonly live?: (model: LoadedModel) => LiveFacts | null;
  readonly deferrals: Deferrals;
  readonly locks: Pick<UpdateLocks, "current">;
  /** Ask the controller what is wanted, soon. */
  readonly askDesired: () => void;
  /** What the operator gives to all runners together, MiB; null: whatever the device has. */
  readonly memoryMiB: number | null;
  /** Why this device may not take a release; null when it may. Asked again here, for facts change after planning. */
  readonly admit: (
    document: ReleaseDocument,
    facts: DeviceFacts,
    bytesPresent: number,
  ) => Failure | null;
  /** Nonces of the hellos that have no answer yet: of one said over the network, and of one carried away. */
  readonly nonces: () => readonly string[];
  /** A desired document with this nonce was accepted: it is used up. */
  readonly answered: (nonce: string) => void;
  /** Only a nonce-fresh document will do. */
  readonly needHello: () => void;
  /** Another root holds: the controller should know at once. */
  readonly rootAdopted: () => void;
  readonly refused: (refusal: RefusedDocument) => void;
}
