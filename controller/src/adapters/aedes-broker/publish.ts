import type { Aedes } from "aedes";

export interface Publication {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** Best effort: a broker that closes meanwhile delivers nothing, and nobody depends on it. */
export function publish(broker: Aedes, publication: Publication): Promise<void> {
  return new Promise((resolve) =>
    broker.publish({ cmd: "publish", dup: false, ...publication }, () => resolve()),
  );
}
