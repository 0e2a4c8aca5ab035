import type { Aedes, AedesPublishPacket } from "aedes";

/** Hands over what clients publish there; what the broker itself says there (a retained message is gone) is not for us. */
export function hear(
  broker: Aedes,
  filter: string,
  take: (packet: AedesPublishPacket) => void,
): Promise<void> {
  const deliver = (packet: AedesPublishPacket, done: () => void): void => {
    // Done at once: whoever answers from inside would wait for the place this message holds.
    done();
    if ("clientId" in packet) take(packet);
  };
  return new Promise((resolve) => broker.subscribe(filter, deliver, resolve));
}
