import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeviceList } from "@modelfleet/protocol";
import { afterEach, expect, test } from "vitest";
import { createApiClient } from "../../controller/cli/api-client.ts";
import { runProgram } from "../../controller/cli/program.ts";
import { json, serve, stopServing } from "../support/cli/fake-controller.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { smallModel } from "../support/controller/upload.ts";
import { freePort } from "../support/free-port.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const smallManifest = {
  model: "m",
  version: "1.0.0",
  securityVersion: 1,
  format: "onnx",
  entry: "model.onnx",
  compat: { classes: ["*"], runtime: "onnxruntime>=1.20", minMemoryMiB: 64 },
  limits: { memoryMiB: 900, loadMs: 20_000, inferMs: 500 },
};

afterEach(stopServing);

test("--json prints the answer alone on the output stream", async () => {
  const url = await serve((_, outgoing) => json(outgoing, 200, { devices: [] }));
  const recorded = recordedTerminal({ MODELFLEET_URL: url });

  const exitCode = await runProgram(["device", "list", "--json"], recorded.terminal);

  expect(exitCode).toBe(0);
  expect(recorded.out()).toBe('{"devices":[]}\n');
});

test("an empty list teaches the next command", async () => {
  const url = await serve((_, outgoing) => json(outgoing, 200, { devices: [] }));
  const recorded = recordedTerminal();

  await runProgram(["device", "list", "--controller", url], recorded.terminal);

  expect(recorded.out()).toContain("modelfleet claim create");
});

test("the API key travels as a bearer token", async () => {
  let seen = "";
  const url = await serve((incoming, outgoing) => {
    seen = incoming.headers.authorization ?? "";
    json(outgoing, 200, { releases: [] });
  });

  await runProgram(
    ["release", "list"],
    recordedTerminal({ MODELFLEET_URL: url, MODELFLEET_API_KEY: "k".repeat(32) }).terminal,
  );

  expect(seen).toBe(`Bearer ${"k".repeat(32)}`);
});

test("a problem of the controller is shown with its code, detail and places, and the exit code is 1", async () => {
  const problem = {
    type: "about:blank",
    title: "Not valid",
    status: 400,
    code: "VALIDATION",
    detail: "the body is not a claim",
    errors: [{ pointer: "/uses", detail: "expected at least 1" }],
  };
  const url = await serve((_, outgoing) => json(outgoing, 400, problem));
  const recorded = recordedTerminal({ MODELFLEET_URL: url });

  const exitCode = await runProgram(["claim", "create"], recorded.terminal);

  expect(exitCode).toBe(1);
  expect(recorded.err()).toContain("VALIDATION: the body is not a claim");
  expect(recorded.err()).toContain("/uses: expected at least 1");
});

test("with --json the failure is one JSON object too", async () => {
  const port = await freePort();
  const recorded = recordedTerminal({ MODELFLEET_URL: `http://127.0.0.1:${port}` });

  const exitCode = await runProgram(["device", "list", "--json"], recorded.terminal);

  expect(exitCode).toBe(1);
  expect(JSON.parse(recorded.out())).toMatchObject({ error: { code: "UNREACHABLE" } });
});

test("an answer that is not what the contract says is not believed", async () => {
  const url = await serve((_, outgoing) => json(outgoing, 200, { devices: [{ id: "UPPER" }] }));
  const recorded = recordedTerminal({ MODELFLEET_URL: url });

  expect(await runProgram(["device", "list"], recorded.terminal)).toBe(1);
  expect(recorded.err()).toContain("devices.0");
});

test.each([
  [["device", "lst"], /unknown command 'lst'/],
  [["deploy", "digits@1.0.0"], /--device ID, --label key=value or --all/],
  [["deploy", "digits", "--all"], /expected a release like digits@1.0.0/],
  [["deploy", "digits@1.0.0", "--label", "site"], /expected --label key=value, got "site"/],
  [["telemetry", "show"], /missing required argument/],
  [["telemetry", "show", "digits", "--since", "soon"], /--since: expected a duration/],
  [["claim", "create", "--uses", "many"], /--uses: expected a whole number, got "many"/],
  [["alert", "list", "--limit", "10000000000"], /--limit: expected a whole number of at most nine/],
  [["claim", "create", "--valid", "1"], /--valid: expected a duration/],
  [["device", "list", "--label", "site"], /expected --label key=value, got "site"/],
  [["device", "list", "--controller", "localhost"], /controller's address .*, got "localhost"/],
  [["device", "list", "--controller", "ftp://localhost"], /got "ftp:\/\/localhost"/],
])("modelfleet %j is a usage error: exit code 2", async (argv, message) => {
  const recorded = recordedTerminal();

  expect(await runProgram(argv, recorded.terminal)).toBe(2);
  expect(recorded.err()).toMatch(message);
});

test("a deployment with a wrong option is not ordered", async () => {
  let requests = 0;
  const url = await serve((_, outgoing) => {
    requests += 1;
    json(outgoing, 200, {});
  });
  const recorded = recordedTerminal({ MODELFLEET_URL: url });
  const argv = ["deploy", "digits@1.0.0", "--all", "--wait", "--timeout", "soon"];

  expect(await runProgram(argv, recorded.terminal)).toBe(2);
  expect(recorded.err()).toContain("--timeout: expected a duration");
  expect(requests).toBe(0);
});

test("a controller that takes the question and never answers is not waited for without end", async () => {
  const url = await serve(() => undefined);
  const api = createApiClient({ url, apiKey: undefined, answerMsMax: 50 });

  const asked = api.call({ method: "GET", path: "/v1/devices", answer: DeviceList });

  await expect(asked).rejects.toMatchObject({ code: "BROKEN_OFF" });
});

test.each([
  ["claim create"],
  ["device list"],
  ["device show"],
  ["release publish"],
  ["release list"],
  ["deploy"],
  ["telemetry show"],
  ["controller start"],
])("modelfleet %s --help begins with an example and ends with exit code 0", async (command) => {
  const recorded = recordedTerminal();

  expect(await runProgram([...command.split(" "), "--help"], recorded.terminal)).toBe(0);
  expect(recorded.out()).toMatch(/^Examples?:\n {2}modelfleet /);
});

test.each([
  ["when it is announced", 1],
  ["when its files are sent", 2],
])("a publication that is cut off %s is tried again, with growing pauses, and then gives up", async (_, cutAt) => {
  await using folder = await temporaryFolder();
  await mkdir(folder.path, { recursive: true });
  await writeFile(join(folder.path, "model.onnx"), smallModel);
  await writeFile(join(folder.path, "release.json"), JSON.stringify(smallManifest));
  let requests = 0;
  const url = await serve((incoming, outgoing) => {
    requests += 1;
    if (requests % cutAt === 0) {
      incoming.once("data", () => incoming.destroy());
      return;
    }
    const missing = { type: "about:blank", title: "No", status: 422, code: "FILES", detail: "no" };
    incoming.resume().once("end", () => json(outgoing, 422, missing));
  });
  const recorded = recordedTerminal({ MODELFLEET_URL: url });

  const exitCode = await runProgram(["release", "publish", folder.path], recorded.terminal);

  expect(exitCode).toBe(1);
  expect(requests).toBe(10 * cutAt);
  expect(recorded.pauses).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000]);
  expect(recorded.err()).toContain("error: the connection to the controller");
});

test.each([
  ["release.json", /release\.json: expected a file there, got none/],
  ["model.onnx", /model\.onnx: cannot be read/],
])("a folder without %s is refused before anything is sent", async (missing, message) => {
  await using folder = await temporaryFolder();
  if (missing !== "release.json")
    await writeFile(join(folder.path, "release.json"), JSON.stringify(smallManifest));
  const recorded = recordedTerminal({ MODELFLEET_URL: "http://127.0.0.1:9" });

  expect(await runProgram(["release", "publish", folder.path], recorded.terminal)).toBe(1);
  expect(recorded.err()).toMatch(message);
});

test("a publication to a controller that nobody started fails at once", async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "model.onnx"), smallModel);
  await writeFile(join(folder.path, "release.json"), JSON.stringify(smallManifest));
  const recorded = recordedTerminal({ MODELFLEET_URL: `http://127.0.0.1:${await freePort()}` });

  expect(await runProgram(["release", "publish", folder.path], recorded.terminal)).toBe(1);
  expect(recorded.pauses).toEqual([]);
  expect(recorded.err()).toContain("modelfleet controller start --dev");
});

test("with --json a failure carries the controller's own code, and a request it cannot read is a usage error", async () => {
  const problem = {
    type: "about:blank",
    title: "Not valid",
    status: 400,
    code: "REQUEST_INVALID",
    detail: "/version: expected a version like 1.2.3",
    errors: [{ pointer: "/version", detail: "expected a version like 1.2.3" }],
  };
  const url = await serve((_, outgoing) => json(outgoing, 400, problem));
  const recorded = recordedTerminal({ MODELFLEET_URL: url });

  expect(await runProgram(["deploy", "digits@seven", "--all", "--json"], recorded.terminal)).toBe(
    2,
  );
  expect(JSON.parse(recorded.out())).toEqual({
    error: {
      code: "REQUEST_INVALID",
      detail: "REQUEST_INVALID: /version: expected a version like 1.2.3",
    },
  });
});

test("a filter that matches nothing is not taken for an empty fleet", async () => {
  const recorded = recordedTerminal({
    MODELFLEET_URL: await serve((_, outgoing) => json(outgoing, 200, { releases: [] })),
  });

  expect(await runProgram(["release", "list", "--model", "cats"], recorded.terminal)).toBe(0);
  expect(recorded.out()).toBe("no release of cats\n");
});

test("--version says which program this is", async () => {
  const recorded = recordedTerminal();

  expect(await runProgram(["--version"], recorded.terminal)).toBe(0);
  expect(recorded.out()).toBe("1.2.3\n");
});
