import { clientLimits } from "@modelfleet/protocol/device-limits";
import type { AgentStatus } from "../domain/agent-status.ts";
import { AgentLine, type AgentPlace } from "./agent-line.ts";
import { type AskOptions, askJson, isReady } from "./ask.ts";
import { type ModelClient, modelClient } from "./model-client.ts";
import { fieldsOf } from "./read-answer.ts";

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
  /** Ends the connections; what waits for an answer fails. */
  readonly close: () => void;
}

/** A client of the agent on this device. Nothing is sent before the first question. */
export function connect(options: ConnectOptions): AgentClient {
  const { timeoutMs = clientLimits.timeoutMsDefault, connectionsMax } = options;
  const line = new AgentLine(options, connectionsMax ?? clientLimits.connectionsDefault);
  const close = () => line[Symbol.dispose]();
  return {
    model: (name, version) => modelClient(line, { name, version, timeoutMs }),
    ready: (asked) => isReady(line, "/v2/health/ready", { timeoutMs, ...asked }),
    status: async (asked) => {
      const reply = await askJson(line, "/v2/modelfleet/status", { timeoutMs, ...asked });
      // The agent's own words; an application reads what it knows of them.
      return fieldsOf(reply, "an object") as unknown as AgentStatus;
    },
    close,
    [Symbol.dispose]: close,
  };
}
