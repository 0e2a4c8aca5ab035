import { createServer as createPlainServer, type RequestListener, type Server } from "node:http";
import { createServer, globalAgent } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import { httpBlobSource } from "../../agent/src/adapters/http-client/http-blob-source.ts";
import { content, file, never, openStore } from "../support/agent/download-rig.ts";
import { type Certified, serverCertificate } from "../support/broker/certificates.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Served {
  readonly certified?: Certified;
  /** Where it listens, and by what name it is asked for. */
  readonly address?: string;
  readonly name?: string;
  readonly answer?: RequestListener;
}

/** A source behind TLS, with a certificate that nobody knows yet. */
async function secureSource({
  certified,
  address = "127.0.0.1",
  name = "localhost",
  answer = (_, response) => response.end(content),
}: Served = {}) {
  const { cert, key } = certified ?? (await serverCertificate());
  let asked = 0;
  const server = createServer({ cert, key }, (request, response) => {
    asked += 1;
    answer(request, response);
  });
  const { port } = await listen(server, address);
  const controllerUrl = `https://${name}:${port}`;
  const login = { device: "cam-1", secret: "s3cret" };
  const source = httpBlobSource({ controllerUrl, ...login, clock: systemClock, attemptsMax: 1 });
  return { source, cert, asked: () => asked };
}

async function listen(server: Server, address: string): Promise<AddressInfo> {
  await new Promise<void>((resolve) => {
    server.listen(0, address, resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return server.address() as AddressInfo;
}

/** As an operating system does whose list of authorities has it. */
function trust(cert: string): void {
  globalAgent.options.ca = cert;
  onTestFinished(() => {
    delete globalAgent.options.ca;
  });
}

test("a file comes over TLS from a source whose certificate the device trusts", async () => {
  await using folder = await temporaryFolder();
  const { source, cert } = await secureSource();
  trust(cert);
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

test("a source whose certificate is of another name hears nothing of the device's secret", async () => {
  await using folder = await temporaryFolder();
  const elsewhere = "127.0.0.2";
  const { source, cert, asked } = await secureSource({ address: elsewhere, name: elsewhere });
  trust(cert);
  const partial = await (await openStore(folder.path)).openPartial(file);

  const filled = source.fill(file, partial, { signal: never, progress: () => undefined });

  await expect(filled).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining("does not match certificate's altnames") as unknown,
  });
  expect(asked()).toBe(0);
  await partial.close();
});

test("a source whose certificate has expired hears nothing of the device's secret", async () => {
  await using folder = await temporaryFolder();
  const nowMs = Date.now();
  const expired = { validFromMs: nowMs - 7_200_000, validUntilMs: nowMs - 3_600_000 };
  const certified = await serverCertificate(expired);
  const { source, cert, asked } = await secureSource({ certified });
  trust(cert);
  const partial = await (await openStore(folder.path)).openPartial(file);

  const filled = source.fill(file, partial, { signal: never, progress: () => undefined });

  await expect(filled).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining("certificate has expired") as unknown,
  });
  expect(asked()).toBe(0);
  await partial.close();
});

test("a source that leads from TLS to plain HTTP is not followed", async () => {
  await using folder = await temporaryFolder();
  let askedInPlain = 0;
  const plain = createPlainServer((_, response) => {
    askedInPlain += 1;
    response.end(content);
  });
  const { port } = await listen(plain, "127.0.0.1");
  const location = `http://127.0.0.1:${port}/blob`;
  const { source, cert, asked } = await secureSource({
    answer: (_, response) => response.writeHead(302, { location }).end(),
  });
  trust(cert);
  const partial = await (await openStore(folder.path)).openPartial(file);

  const filled = source.fill(file, partial, { signal: never, progress: () => undefined });

  await expect(filled).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining("redirect") as unknown,
  });
  expect([asked(), askedInPlain]).toEqual([1, 0]);
  expect(partial.haveBytes()).toBe(0);
  await partial.close();
});
