import { readdir, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { encodeBase64, FleetId, formatEnrolment } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { runAgentProgram } from "../../agent/src/cli/program.ts";
import { enrolFolder } from "../../agent/src/enrol-folder.ts";
import { type BlobAnswer, blobServer } from "../support/agent/blob-server.ts";
import { textLike } from "../support/agent/text-like.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureFleet, fleetRoot } from "../support/trust-fixtures.ts";

const root = fleetRoot();

function enrolmentString(controllerUrl: string): string {
  return formatEnrolment({
    ...{ controllerUrl, brokerUrl: "mqtt://127.0.0.1:1883", fleet: FleetId.parse(fixtureFleet) },
    ...{ rootSha256: root.sha256, claimId: "abcdefgh", claimSecret: "0123456789abcdefghijkl" },
  });
}

function answerWith(status: number, body: object): BlobAnswer {
  return (request, response) => {
    request.resume();
    response.writeHead(status, { "content-type": "application/problem+json" });
    response.end(JSON.stringify(body));
  };
}

const unasked = () => Promise.reject(new Error("not asked for"));

async function enrolAt(controllerUrl: string, data: string, ...more: readonly string[]) {
  const written = { out: "", err: "" };
  const exitCode = await runAgentProgram(
    ["enrol", enrolmentString(controllerUrl), "--data", data, ...more],
    {
      enrol: enrolFolder,
      ...{ start: unasked, status: unasked, hello: unasked, apply: unasked },
      ...{ lock: unasked, unlock: unasked, deny: unasked, capture: unasked },
    },
    {
      out: (text) => {
        written.out += text;
      },
      err: (text) => {
        written.err += text;
      },
    },
  );
  return { exitCode, ...written };
}

test("a used claim is told in the controller's own words, and only the device's key is kept", async () => {
  await using folder = await temporaryFolder();
  const detail = "this claim was used already; ask for a new one";
  const problem = {
    type: "about:blank",
    title: "Conflict",
    status: 409,
    code: "CLAIM_USED",
    detail,
  };
  await using server = await blobServer([answerWith(409, problem)]);

  const enrolled = await enrolAt(server.url, folder.path);

  expect(enrolled).toEqual({ exitCode: 1, out: "", err: `the controller refused: ${detail}\n` });
  expect(await readdir(folder.path)).toEqual(["identity"]);
  expect(await readdir(folder.inside("identity"))).toEqual(["device.seed"]);
  expect((await stat(folder.inside("identity"))).mode & 0o777).toBe(0o700);
  expect((await stat(folder.inside("identity", "device.seed"))).mode & 0o777).toBe(0o600);
});

test("F65: another root than the pinned one is refused, with --json as an object", async () => {
  await using folder = await temporaryFolder();
  const other = encodeBase64(fleetRoot({ version: 2 }).bytes);
  await using server = await blobServer([answerWith(200, { root: other, credential: other })]);

  const enrolled = await enrolAt(server.url, folder.path, "--json");

  expect(enrolled.exitCode).toBe(1);
  expect(enrolled.err).toBe("");
  expect(JSON.parse(enrolled.out)).toEqual({
    error: { code: "ROOT_MISMATCH", detail: textLike(/^[^\n]+$/) },
  });
  expect(await readdir(folder.path)).toEqual(["identity"]);
});

test("an answer that is not the controller's is named", async () => {
  await using folder = await temporaryFolder();
  const page: BlobAnswer = (_, response) => response.end("<html>");
  await using server = await blobServer([page]);

  expect(await enrolAt(server.url, folder.path)).toMatchObject({ exitCode: 1, out: "" });
});

test("an answer that breaks off half way is no defect of ours", async () => {
  await using folder = await temporaryFolder();
  await using server = await blobServer([
    (request, response) => {
      request.resume();
      response.writeHead(200, { "content-length": "1000" });
      response.write("{", () => response.destroy());
    },
  ]);

  const { exitCode, err } = await enrolAt(server.url, folder.path, "--over", "http");

  expect(exitCode).toBe(1);
  expect(err).toContain("is the controller running");
});

test("a controller that is not there is named, with what to look at", async () => {
  await using folder = await temporaryFolder();
  const url = `http://127.0.0.1:${await closedPort()}`;

  const enrolled = await enrolAt(url, folder.path);

  expect(enrolled.exitCode).toBe(1);
  expect(enrolled.err).toContain(url);
  expect(enrolled.err).toContain("is the controller running");
});

test.each([
  ["--device-id", "no/slash"],
  ["--device-id", "ab"],
  ["--class", "With Space"],
])("%s %s is a mistake of the command line", async (option, value) => {
  await using folder = await temporaryFolder();

  const enrolled = await enrolAt("http://127.0.0.1:1", folder.path, option, value);

  expect(enrolled.exitCode).toBe(2);
  expect(enrolled.err).toContain(option);
  expect(await readdir(folder.path)).toEqual([]);
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
