import { once } from "node:events";
import { createServer } from "node:net";
import { Aedes } from "aedes";

export type CarelessBroker = AsyncDisposable & {
  readonly port: number;
  readonly url: string;
  readonly say: (topic: string, text: string | Buffer, retain?: boolean) => Promise<void>;
};

/** A real broker for MQTT 3.1.1 without any rules, which keeps whatever it is told to keep. */
export async function carelessBroker(wantedPort = 0): Promise<CarelessBroker> {
  const broker = await Aedes.createBroker();
  const server = createServer((socket) => broker.handle(socket)).listen(wantedPort, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  const { port } = address;
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    say: (topic, text, retain = false) =>
      new Promise<void>((resolve) =>
        broker.publish(
          { cmd: "publish", dup: false, qos: 1, topic, payload: Buffer.from(text), retain },
          () => resolve(),
        ),
      ),
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
