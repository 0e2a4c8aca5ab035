import type { DeviceFacts } from "@modelfleet/protocol";

/** What the agent can prove about the device it runs on, at this moment. */
export interface FactsSource {
  readonly read: () => Promise<DeviceFacts>;
  /** A session of the runtime has really run here with this provider. */
  readonly proved: (provider: string) => void;
}
