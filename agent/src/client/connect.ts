import { clientLimits } from "@modelfleet/protocol/device-limits";
import type { AgentStatus, DeferredStatus } from "../domain/agent-status.ts";
import { AgentLine, type AgentPlace } from "./agent-line.ts";
import { type AskOptions, askJson, isReady } from "./ask.ts";
import { type ModelClient, modelClient } from "./model-client.ts";
import { fieldsOf, parseJson } from "./read-answer.ts";

export type ConnectOptions = AgentPlace & {
  /** For questions that name no time of their own; 10 s when absent. */
  readonly timeoutMs?: number;
  /** Requests that are with the agent at once; the others wait here. */
  readonly connectionsMax?: number;
};

export interface AgentClient extends Disposable {
  /** @param version of the release, or `stable` or `canary`; whichever answers when absent */
  readonly model: (name: string, version?: string) => ModelClient;
  /** Whether every model of this device serves; false also while no agent answers. */
  readonly ready: (options?: AskOptions) => Promise<boolean>;
  /** What the agent runs, and why. */
  readonly status: (options?: AskOptions) => Promise<AgentStatus>;
  /**
   * Puts swaps of a slot off: `recheckAfterMs` from now at the earliest, within the bound the operator set. It replaces
   * what was said before, and counts for whatever swap is due by then.
   */
  readonly defer: (recheckAfterMs: number, options?: SlotOptions) => Promise<DeferredStatus>;
  /** What was put off, and what waits. */
  readonly deferred: (options?: SlotOptions) => Promise<DeferredStatus>;
  /**
   * Says no to the release that waits for a slot (`deferred().waiting.release`): it is refused, and comes again only when
   * the operator asks again. Resolves when a restart of the agent does not forget it.
   */
  readonly deny: (release: string, options?: DenyOptions) => Promise<DeferredStatus>;
  /**
   * Updates are fetched and proven, and nothing new begins to serve before `unlockUpdates`; `status().lock` says so. It
   * survives a restart of the agent.
   */
  readonly lockUpdates: (options?: ReasonOptions) => Promise<void>;
  readonly unlockUpdates: (options?: AskOptions) => Promise<void>;
  /** Ends the connections; what waits for an answer fails. */
  readonly close: () => void;
}

export interface SlotOptions extends AskOptions {
  /** `main` when absent, which is the only one on a device with one model. */
  readonly slot?: string;
}

export interface ReasonOptions extends AskOptions {
  /** In your own words, for whoever asks why. */
  readonly reason?: string;
}

export interface DenyOptions extends SlotOptions, ReasonOptions {}

/** A client of the agent on this device. Nothing is sent before the first question. */
export function connect(options: ConnectOptions): AgentClient {
  const { timeoutMs = clientLimits.timeoutMsDefault, connectionsMax } = options;
  const line = new AgentLine(options, connectionsMax ?? clientLimits.connectionsDefault);
  const close = () => line[Symbol.dispose]();
  return {
    model: (name, version) => modelClient(line, { name, version, timeoutMs }),
    ready: (asked) => isReady(line, "/v2/health/ready", { timeoutMs, ...asked }),
    status: async (asked) => {
      return statusOf(await askJson(line, "/v2/modelfleet/status", { timeoutMs, ...asked }));
    },
    defer: async (recheckAfterMs, { slot = "main", ...asked } = {}) => {
      const chunks = [Buffer.from(JSON.stringify({ recheckAfterMs }))];
      const ask = { timeoutMs, ...asked, chunks, repeat: "unanswered" } as const;
      const { body } = await line.ask({ ...ask, method: "POST", path: slotPath(slot, "defer") });
      return deferralOf(parseJson(body));
    },
    deferred: async ({ slot = "main", ...asked } = {}) =>
      deferralOf(await askJson(line, slotPath(slot, "defer"), { timeoutMs, ...asked })),
    deny: async (release, { slot = "main", reason, ...asked } = {}) => {
      const chunks = [Buffer.from(JSON.stringify({ release, reason }))];
      const ask = { timeoutMs, ...asked, chunks, repeat: "never" } as const;
      const { body } = await line.ask({ ...ask, method: "POST", path: slotPath(slot, "deny") });
      return deferralOf(parseJson(body));
    },
    lockUpdates: async ({ reason, ...asked } = {}) => {
      const chunks = [Buffer.from(JSON.stringify({ reason }))];
      const ask = { timeoutMs, ...asked, chunks, repeat: "unanswered" } as const;
      await line.ask({ ...ask, method: "PUT", path: lockPath });
    },
    unlockUpdates: async (asked) => {
      const ask = { timeoutMs, ...asked, repeat: "unanswered" } as const;
      await line.ask({ ...ask, method: "DELETE", path: lockPath });
    },
    close,
    [Symbol.dispose]: close,
  };
}

const lockPath = "/v2/modelfleet/lock";

function slotPath(slot: string, verb: "defer" | "deny"): string {
  return `/v2/modelfleet/slots/${encodeURIComponent(slot)}/${verb}`;
}

/** The agent's own words; an application reads what it knows of them. */
function deferralOf(reply: unknown): DeferredStatus {
  return fieldsOf(reply, "an object") as unknown as DeferredStatus;
}

/** The same. */
function statusOf(reply: unknown): AgentStatus {
  return fieldsOf(reply, "an object") as unknown as AgentStatus;
}
