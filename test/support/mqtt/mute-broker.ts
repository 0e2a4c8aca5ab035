import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import mqttPacket, { type IConnackPacket, type Packet } from "mqtt-packet";

export interface MuteBrokerOptions {
  /** Whether subscriptions are acknowledged; a published message never is. */
  readonly acknowledgesTopics?: boolean;
  /** Versions of the protocol that it knows; it closes without a word to any other. */
  readonly levels?: readonly number[];
  /** Of CONNACK. */
  readonly properties?: IConnackPacket["properties"];
}

/** Takes every login and answers every ping, so that nothing seems wrong, and says next to nothing else. */
export async function muteBroker(options: MuteBrokerOptions = {}) {
  const sockets = new Set<Socket>();
  /** Version of the protocol of each login. */
  const logins: number[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    let protocolVersion = 4;
    const parser = mqttPacket.parser();
    const say = (packet: Packet) =>
      void socket.write(mqttPacket.generate(packet, { protocolVersion }));
    parser.on("packet", (packet) => {
      if (packet.cmd === "connect") {
        protocolVersion = packet.protocolVersion ?? 4;
        logins.push(protocolVersion);
        const isKnown = options.levels?.includes(protocolVersion) ?? true;
        if (isKnown) say(connack(protocolVersion, options.properties));
        else socket.end();
      }
      if (packet.cmd === "pingreq") say({ cmd: "pingresp" });
      if (packet.cmd === "subscribe" && options.acknowledgesTopics === true) {
        const { messageId = 0 } = packet;
        say({ cmd: "suback", messageId, granted: packet.subscriptions.map(() => 1) });
      }
    });
    socket.on("data", (bytes: Buffer) => parser.parse(bytes));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    logins,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function connack(
  protocolVersion: number,
  properties: IConnackPacket["properties"] = {},
): IConnackPacket {
  const cmd = "connack";
  return protocolVersion === 5
    ? { cmd, reasonCode: 0, sessionPresent: false, properties }
    : { cmd, returnCode: 0, sessionPresent: false };
}
