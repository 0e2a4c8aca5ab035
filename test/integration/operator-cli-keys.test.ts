import { writeFile } from "node:fs/promises";
import { ApiKeyList, accessLimits } from "@modelfleet/protocol";
import { afterEach, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { json, serve, stopServing } from "../support/cli/fake-controller.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { answerOf, startFleetServer } from "../support/http/fleet-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

afterEach(stopServing);

test("a key is made, listed and revoked by the command line, and shown on its output alone", async () => {
  await using server = await startFleetServer();
  const env = {
    MODELFLEET_URL: server.url,
    MODELFLEET_API_KEY: server.adminKey,
  };
  const run = async (...argv: readonly string[]) => {
    const recorded = recordedTerminal(env);
    const exitCode = await runProgram(["api-key", ...argv], recorded.terminal);
    return { exitCode, out: recorded.out(), err: recorded.err() };
  };
  const options = ["--role", "deployer", "--model", "vision.*", "--label", "site=plant-a"];

  const made = await run("create", "line 3", ...options, "--expires", "90d");

  expect(made.exitCode).toBe(0);
  expect(made.out).toMatch(/^mfk_[0-9a-f]{16}_[\w-]{43}\n$/);
  expect(made.err).not.toContain(made.out.trim());
  const list = await run("list");
  expect(list.out).toMatch(/line 3 +deployer vision\.\* site=plant-a +until \d{4}-/);
  expect(list.out).not.toContain(made.out.trim());
  const revoked = await run("revoke", made.out.slice(4, 20));
  expect(revoked).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining("is revoked") as string,
  });
  expect((await run("list")).out).toMatch(/line 3 .*revoked/);
  const { keys } = await answerOf(await server.ask("/v1/api-keys", server.admin), ApiKeyList);
  expect(keys.find(({ name }) => name === "line 3")?.grants).toEqual([
    { role: "deployer", models: ["vision.*"], labels: { site: "plant-a" } },
  ]);
});

test("a key may lie in a file, which comes before the environment", async () => {
  await using folder = await temporaryFolder();
  const path = folder.inside("key");
  await writeFile(path, "mfk_from_the_file\n");
  let seen = "";
  const url = await serve((incoming, outgoing) => {
    seen = incoming.headers.authorization ?? "";
    json(outgoing, 200, { devices: [] });
  });
  const recorded = recordedTerminal({ MODELFLEET_URL: url, MODELFLEET_API_KEY: "mfk_other" });

  await runProgram(["device", "list", "--api-key-file", path], recorded.terminal);

  expect(seen).toBe("Bearer mfk_from_the_file");
});

test.each([
  { what: "nothing", text: "", says: "got 0 characters" },
  { what: "two words", text: "mfk_a secret", says: "got 12 characters" },
  { what: "a header of its own", text: "mfk_a\r\nx-y: z", says: "without spaces" },
  { what: "too much", text: "k".repeat(accessLimits.keyFileBytesMax + 1), says: "bytes" },
])("a key file with $what is refused, and what it holds is in no message", async ({
  text,
  says,
}) => {
  await using folder = await temporaryFolder();
  const path = folder.inside("key");
  await writeFile(path, text);
  const recorded = recordedTerminal({ MODELFLEET_URL: "http://127.0.0.1:9" });

  expect(await runProgram(["device", "list", "--api-key-file", path], recorded.terminal)).toBe(2);

  expect(recorded.err()).toContain(says);
  if (text.length > 0) expect(recorded.err()).not.toContain(text);
});

test.each([
  [["api-key", "create", "ci"], /--role/],
  [["api-key", "create", "ci", "--role", "viewer", "--expires", "soon"], /--expires.* 24h or 7d/],
  [["api-key", "create", "ci", "--role", "viewer", "--expires", "366d"], /--expires.*at most 365d/],
  [["api-key", "create", "ci", "--role", "operator"], /viewer, uploader, .* admin, got "operator"/],
  [["api-key", "revoke", "deadbeef"], /16 lowercase hex .* modelfleet api-key list/],
  [["api-key", "create", "ci", "--role", "viewer", "--label", "site"], /key=value/],
  [["api-key", "revoke"], /missing required argument/],
])("modelfleet %j is a usage error", async (argv, message) => {
  const recorded = recordedTerminal({ MODELFLEET_URL: "http://127.0.0.1:9" });

  expect(await runProgram(argv, recorded.terminal)).toBe(2);
  expect(recorded.err()).toMatch(message);
});

test.each([
  ["api-key create"],
  ["api-key list"],
  ["api-key revoke"],
  ["release approve"],
  ["deploy approve"],
  ["controller recover-admin"],
])("modelfleet %s --help begins with an example", async (command) => {
  const recorded = recordedTerminal();

  expect(await runProgram([...command.split(" "), "--help"], recorded.terminal)).toBe(0);
  expect(recorded.out()).toMatch(/^Examples?:\n {2}modelfleet /);
});

test("where no second person is asked for, an approval says that nothing waited for it", async () => {
  await using server = await startFleetServer();
  await server.publish(server.admin);
  const own = recordedTerminal({
    MODELFLEET_URL: server.url,
    MODELFLEET_API_KEY: server.adminKey,
  });

  expect(await runProgram(["release", "approve", "vision.defects@1.0.0"], own.terminal)).toBe(0);
  expect(own.out()).toContain("waited for nobody's approval");
});

test("with two owners a release is approved by its name", async () => {
  await using server = await startFleetServer({ releasesAwaitApproval: true });
  await server.publish(server.admin);
  const url = server.url;
  const own = recordedTerminal({
    MODELFLEET_URL: url,
    MODELFLEET_API_KEY: server.adminKey,
  });
  const argv = ["release", "approve", "vision.defects@1.0.0"];

  expect(await runProgram(argv, own.terminal)).toBe(4);
  expect(own.err()).toContain("SECOND_PERSON_REQUIRED");
  expect(await runProgram(["release", "approve", "vision.defects@9.9.9"], own.terminal)).toBe(3);
  expect(own.err()).toContain("modelfleet release list");
});
