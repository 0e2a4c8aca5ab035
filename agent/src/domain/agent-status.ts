import type { Sha256, SlotName, SlotReport } from "@modelfleet/protocol";
import type { CaptureConsent } from "./capture/consent.ts";
import type { StoreFault } from "./store-fault.ts";
import type { PrivacySpent } from "./telemetry/privacy/privacy-account.ts";

/** That updates are held back on this device; `reason` in the words of whoever did. */
export interface UpdateLock {
  readonly reason: string;
  readonly sinceMs: number;
}

/** A process that holds a release. Where releases lie in the agent's own process, its memory is that of all of them. */
export interface HeldStatus {
  readonly slot: SlotName;
  readonly role: "serving" | "standby" | "ready";
  readonly release: Sha256;
  readonly model: string;
  readonly version: string;
  /** 0: it brings none, and only generated inputs were tried. */
  readonly goldenCases: number;
  readonly memoryBytes: number | undefined;
}

/** What a digest stands for. */
export interface ReleaseName {
  readonly release: Sha256;
  readonly model: string;
  readonly version: string;
}

/** Requests of a slot, now. */
export interface QueueStatus {
  readonly slot: SlotName;
  readonly waiting: number;
  readonly running: number;
  readonly max: number;
  readonly policy: string;
  /** Why there are no batches although the release asks for them. */
  readonly unbatched?: string;
}

/** A release that is fetched and may not begin to serve yet. */
export interface HeldUpStatus {
  readonly slot: SlotName;
  readonly release: Sha256;
  /** Begins with `window` or `lock`. */
  readonly detail: string;
  /** Until it may; null where something else has to happen first. */
  readonly opensInMs: number | null;
}

/** What applications said of swaps; only where there is something to say. */
export interface DeferredStatus {
  readonly slot: SlotName;
  readonly deferredMs: number;
  readonly waiting: {
    readonly release: Sha256;
    readonly waitedMs: number;
    /** Null while a window, a lock or a rehearsal holds it up too. */
    readonly forcedInMs: number | null;
  } | null;
}

/** Labels that applications gave for what a release predicted, since the agent started. */
export interface LabelStatus {
  readonly slot: SlotName;
  readonly release: Sha256;
  readonly labelled: number;
  readonly errors: number;
  /** A detector said within the last hour that the errors have changed. */
  readonly isDrifting: boolean;
}

/** Requests that are kept on this device. */
export interface CaptureStatus {
  /** What the people of the device allow; null is nothing. */
  readonly consent: CaptureConsent | null;
  /** Since the start of the agent. */
  readonly kept: number;
  /** Wanted by a policy and passed over: too large, too many at once, the day's bytes, the disk. */
  readonly dropped: number;
  readonly files: number;
}

/** The agent about itself, for people and programs on the device. */
export interface AgentStatus {
  readonly device: string;
  readonly fleet: string;
  readonly class: string;
  readonly controllerUrl: string;
  readonly agentVersion: string;
  /** `running`: told by the agent; `stopped`: read from disk while no agent runs. */
  readonly agent: "running" | "stopped";
  readonly connected: boolean;
  readonly boot: number;
  readonly desiredSeq: number;
  readonly rootVersion: number;
  /** No answer to a hello of its own for 14 days of uptime; of a stopped agent it is not known. */
  readonly stale?: boolean;
  /** Nothing new begins to serve before somebody takes it off; null when there is none. */
  readonly lock?: UpdateLock | null;
  /** Of the day: what windows with noise have told, where a release asks for noise. */
  readonly privacy?: PrivacySpent | null;
  /** Telemetry entries given up since the device enrolled. */
  readonly dropped: number;
  readonly slots: readonly SlotReport[];
  /** What holds the release that answers in a slot, and why that; of a stopped agent nothing does. */
  readonly runtimes?: readonly {
    readonly slot: SlotName;
    readonly release: Sha256;
    readonly id: string;
    readonly version: string;
    readonly reason: string;
  }[];
  /** Where it was told of a local broker: the connection, and messages since the start. */
  readonly localMqtt?: {
    readonly connected: boolean;
    readonly received: number;
    readonly answered: number;
    readonly dropped: number;
    readonly refused: number;
  };
  /** What is wrong with the disk; empty when nothing is known to be. */
  readonly faults: readonly StoreFault[];
  /** For each slot the last time since the agent started that nobody answered, so that memory sufficed for `release`. */
  readonly gaps?: readonly {
    readonly slot: SlotName;
    readonly release: Sha256;
    readonly gapMs: number;
  }[];
  /** What follows is known of a running agent only. `inline`: releases lie in the agent's own process. */
  readonly isolation?: "process" | "inline";
  readonly held?: readonly HeldStatus[];
  readonly labels?: readonly LabelStatus[];
  readonly captures?: CaptureStatus;
  /** Of the releases that are told by their digest above and below, as far as this device knows them. */
  readonly names?: readonly ReleaseName[];
  readonly queues?: readonly QueueStatus[];
  readonly deferrals?: readonly DeferredStatus[];
  readonly heldUp?: readonly HeldUpStatus[];
  /** Releases that are tried beside the one that serves: what was compared so far. */
  readonly rehearsals?: readonly { readonly slot: SlotName; readonly text: string }[];
}
