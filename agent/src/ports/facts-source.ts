import type { DeviceFacts } from "@modelfleet/protocol";

/** What the agent can prove about the device it runs on, at this moment. */
export interface FactsSource {
  readonly read: () => Promise<DeviceFacts>;
  /** A model has really run here with this runtime: the id of a `RuntimeChoice`. */
  readonly proved: (runtime: string) => void;
}
