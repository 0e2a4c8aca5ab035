import { fixedHeader, publishPacket } from "./raw-connection.ts";

export type NamedPacket = readonly [what: string, bytes: Buffer];

/** Each ends the connection. */
export const fatalPackets: readonly NamedPacket[] = [
  ["a packet of no type", Buffer.from([0x00, 0x00])],
  ["a reserved flag", Buffer.from([0x41, 0x02, 0x00, 0x01])],
  ["a length that never ends", Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x7f])],
  ["text", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ["a topic longer than its packet", Buffer.from([0x30, 0x04, 0x40, 0x00, 0x61, 0x61])],
  ["a second CONNACK", Buffer.from([0x20, 0x02, 0x00, 0x00])],
];

/** Whole messages that say nothing to whoever listens to this topic. */
export function foreignMessages(topic: string): readonly NamedPacket[] {
  return [
    ["a topic that is not UTF-8", Buffer.from([0x30, 0x05, 0x00, 0x02, 0xc3, 0x28, 0x61])],
    ["an empty topic", Buffer.from([0x30, 0x03, 0x00, 0x00, 0x61])],
    ["a topic of somebody else", publishPacket("else/where", Buffer.from("a"))],
    ["a topic with NUL", publishPacket(`${topic}\0`, Buffer.from("a"))],
  ];
}

/** MQTT.js would keep it until its second half comes. */
export function qos2Message(topic: string): Buffer {
  const name = Buffer.from(topic);
  const body = [Buffer.from([0, name.length]), name, Buffer.from([0, 1, 0x61])];
  return Buffer.concat([fixedHeader(0x34, name.length + 5), ...body]);
}
