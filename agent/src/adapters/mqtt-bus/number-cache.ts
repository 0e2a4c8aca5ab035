import mqttPacket from "mqtt-packet";

/**
 * Before its first packet, mqtt-packet fills a cache of 65,536 two-byte buffers, to make one less for each packet: 8 MB of a
 * device's memory. Its README names this switch; its types do not.
 */
export function leaveNumbersUncached(): void {
  Reflect.set(mqttPacket.writeToStream, "cacheNumbers", false);
}
