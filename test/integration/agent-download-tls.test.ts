import { createServer, globalAgent } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import { httpBlobSource } from "../../agent/src/adapters/http-client/http-blob-source.ts";
import { content, file, never, openStore } from "../support/agent/download-rig.ts";
import { serverCertificate } from "../support/broker/certificates.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A source behind TLS, with a certificate that nobody knows yet. */
async function secureSource() {
  const certified = await serverCertificate();
  let asked = 0;
  const server = createServer(certified, (_, response) => {
    asked += 1;
    response.end(content);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const controllerUrl = `https://localhost:${port}`;
  const login = { device: "cam-1", secret: "s3cret" };
  const source = httpBlobSource({ controllerUrl, ...login, clock: systemClock, attemptsMax: 1 });
  return { source, cert: certified.cert, asked: () => asked };
}

test("a file comes over TLS from a source whose certificate the device trusts", async () => {
  await using folder = await temporaryFolder();
  const { source, cert } = await secureSource();
  globalAgent.options.ca = cert;
  onTestFinished(() => {
    delete globalAgent.options.ca;
  });
  const partial = await (await openStore(folder.path)).openPartial(file);

  await source.fill(file, partial, { signal: never, progress: () => undefined });

  expect(partial.haveBytes()).toBe(content.length);
  await partial.finish();
  await partial.close();
});

test("a source that nobody vouches for hears nothing of the device's secret", async () => {
  await using folder = await temporaryFolder();
  const { source, asked } = await secureSource();
  const partial = await (await openStore(folder.path)).openPartial(file);

  const filled = source.fill(file, partial, { signal: never, progress: () => undefined });

  await expect(filled).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining("self-signed certificate") as unknown,
  });
  expect(asked()).toBe(0);
  await partial.close();
});
