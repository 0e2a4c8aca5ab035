import { expect, test } from "vitest";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import { createMqttBus } from "../../agent/src/adapters/mqtt-bus/mqtt-bus.ts";
import { serverCertificate } from "../support/broker/certificates.ts";
import { cam1, goodSecret, startTestBroker } from "../support/mqtt/test-broker.ts";

test("a device that has a certificate comes to a broker without TLS by its secret", async () => {
  await using server = await startTestBroker();
  const certificate = await serverCertificate();
  const quiet = () => undefined;
  const failures: string[] = [];
  const warn = (event: object) => void failures.push(JSON.stringify(event));
  const bus = createMqttBus({
    ...{ brokerUrl: server.url, device: cam1, secret: goodSecret, boot: 1, clock: systemClock },
    log: { info: quiet, warn, error: quiet },
    tls: () => ({ ca: undefined, ...certificate }),
  });
  const stop = new AbortController();

  const connected = new Promise<void>((resolve) => {
    const listener = { connected: resolve, disconnected: quiet, desired: quiet };
    const done = bus.run({ ...listener, acknowledged: quiet, controllerState: quiet }, stop.signal);
    void done.then(resolve);
  });
  await Promise.race([connected, systemClock.sleep(2_000, stop.signal)]);
  const isConnected = bus.connected();
  stop.abort();

  expect(isConnected).toBe(true);
  expect(failures).toEqual([]);
});
