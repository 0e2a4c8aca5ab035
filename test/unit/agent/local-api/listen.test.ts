import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { startLocalApi } from "../../../../agent/src/adapters/local-api/local-api.ts";
import { apiFixture } from "../../../support/agent/api-fixture.ts";
import { askHttp } from "../../../support/agent/ask-http.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const live = { path: "/v2/health/live" };
const rest = {
  models: { slots: () => [], infer: () => Promise.reject(new Error("expected no request")) },
  status: () => ({}),
  agentVersion: "0.1.0",
  onDefect: () => undefined,
};

describe("the Unix socket", () => {
  test("is open to its owner and group alone, and gone afterwards", async () => {
    await using folder = await temporaryFolder();
    const socketPath = folder.inside("agent.sock");

    const api = await startLocalApi({ ...rest, socketPath });
    expect((await stat(socketPath)).mode & 0o777).toBe(0o660);
    await api[Symbol.asyncDispose]();

    await expect(stat(socketPath)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("left behind by a killed agent is replaced", async () => {
    await using folder = await temporaryFolder();
    const socketPath = folder.inside("agent.sock");
    await leaveSocketBehind(socketPath);

    await using api = await startLocalApi({ ...rest, socketPath });

    expect(await askHttp(api, live)).toMatchObject({ status: 200 });
  });

  test("of an agent that lives is left to it", async () => {
    await using folder = await temporaryFolder();
    const socketPath = folder.inside("agent.sock");
    await using first = await startLocalApi({ ...rest, socketPath });

    await expect(startLocalApi({ ...rest, socketPath })).rejects.toMatchObject({
      code: "IN_USE",
      message: `another agent listens on ${socketPath}; stop it, or choose another path`,
    });

    expect(await askHttp(first, live)).toMatchObject({ status: 200 });
  });

  test("never replaces a file that is no socket", async () => {
    await using folder = await temporaryFolder();
    const socketPath = folder.inside("precious.txt");
    await writeFile(socketPath, "precious");

    await expect(startLocalApi({ ...rest, socketPath })).rejects.toMatchObject({
      code: "NOT_A_SOCKET",
    });

    expect((await stat(socketPath)).size).toBe(8);
  });

  test("with a path that the system would cut is refused", async () => {
    const socketPath = `/tmp/${"x".repeat(103)}`;

    await expect(startLocalApi({ ...rest, socketPath })).rejects.toMatchObject({
      code: "PATH_TOO_LONG",
    });
  });
});

describe("loopback TCP", () => {
  test("is closed unless asked for, and then answers as the socket does", async () => {
    await using without = await apiFixture();
    await using both = await apiFixture({ tcpPort: 0 });
    await both.activate(fakeModel({ version: "1.0.0" }));

    expect(without.api.tcpPort).toBeUndefined();
    const place = { host: "127.0.0.1", port: both.api.tcpPort ?? 0 };
    expect(await askHttp(place, { path: "/v2/models/digits" })).toMatchObject({ status: 200 });
  });

  test("refuses web pages, and names that lead here from elsewhere", async () => {
    await using fixture = await apiFixture({ tcpPort: 0 });
    const place = { host: "127.0.0.1", port: fixture.api.tcpPort ?? 0 };
    const ask = (headers: Record<string, string>) => askHttp(place, { ...live, headers });

    expect(await ask({ Origin: "https://example.org" })).toMatchObject({ status: 403 });
    expect(await ask({ Host: "device.example.org:80" })).toMatchObject({ status: 403 });
    expect(await ask({ Host: "localhost:80" })).toMatchObject({ status: 200 });
  });

  test("on a port in use is refused with the way out, and the socket is closed again", async () => {
    await using folder = await temporaryFolder();
    await using first = await apiFixture({ tcpPort: 0 });
    const socketPath = folder.inside("agent.sock");
    const tcpPort = first.api.tcpPort ?? 0;

    await expect(startLocalApi({ ...rest, socketPath, tcpPort })).rejects.toMatchObject({
      code: "IN_USE",
      message: `127.0.0.1:${tcpPort} is in use; stop what listens there, or choose another`,
    });

    await expect(stat(socketPath)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("a body", () => {
  const infer = { path: "/v2/models/digits/infer" };

  test("of the largest size is read, one byte more is refused", async () => {
    await using fixture = await apiFixture({ requestBytesMax: 1_000 });
    await fixture.activate(fakeModel({ version: "1.0.0" }));

    const fits = await fixture.ask({ ...infer, body: Buffer.alloc(1_000, " ") });
    const doesNot = await fixture.ask({ ...infer, body: Buffer.alloc(1_001, " ") });

    expect([fits.status, doesNot.status]).toEqual([400, 413]);
    expect(doesNot.json()).toEqual({
      error: "expected a body of at most 1000 bytes, got 1001 or more",
    });
  });

  test("without a stated length is refused as soon as it is too large", async () => {
    await using fixture = await apiFixture({ requestBytesMax: 1_000 });
    const headers = { "Transfer-Encoding": "chunked" };

    const reply = await fixture.ask({ ...infer, headers, body: Buffer.alloc(1_001, " ") });

    expect(reply.status).toBe(413);
  });
});

/** A socket file whose process was killed: a server of this process would remove its file when it closes. */
async function leaveSocketBehind(path: string): Promise<void> {
  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`;
  const process_ = spawn(process.execPath, ["-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(process_.stdout, "data");
  process_.kill("SIGKILL");
  await once(process_, "close");
  expect((await stat(path)).isSocket()).toBe(true);
  await expect(once(createServer().listen(path), "listening")).rejects.toThrow("EADDRINUSE");
}
