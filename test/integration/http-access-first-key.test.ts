import { mkdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { openDatabase } from "../../controller/src/adapters/sql/open-database.ts";
import { adminKeyLine } from "../../controller/src/admin-key-line.ts";
import { MakeAdminKey } from "../../controller/src/app/access/make-admin-key.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { ManualClock } from "../support/controller/manual-clock.ts";
import { RecordingLog } from "../support/controller/recording-log.ts";
import { startInProcess } from "../support/http/test-controller.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureTimes } from "../support/trust-fixtures.ts";

async function keyMaker(file: string) {
  const stores = await openDatabase(file);
  const clock = new ManualClock(fixtureTimes.nowMs);
  const make = new MakeAdminKey({ access: stores.access, clock, log: new RecordingLog() });
  return { stores, make, [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose]() };
}

test("a controller that never had a key makes one, tells it to the person who started it, and logs it nowhere", async () => {
  await using controller = await startInProcess({ isDev: false });
  const secret = controller.firstKey?.secret ?? "";

  expect(secret).toMatch(/^mfk_/);
  expect((await controller.fetch("/v1/devices")).status).toBe(401);
  expect((await controller.fetch("/v1/devices", { headers: controller.admin })).status).toBe(200);
  expect(JSON.stringify(controller.events)).not.toContain(secret.slice(21));
});

test("a controller with --dev makes no key", async () => {
  await using controller = await startInProcess();

  expect(controller.firstKey).toBeUndefined();
});

test("there is one first key, also when it is revoked or its time is over", async () => {
  await using maker = await keyMaker(":memory:");
  const first = await maker.make.first();
  if (first === undefined) throw new Error("expected a key");
  expect(await maker.make.first()).toBeUndefined();

  const entry = { atMs: 1, actor: "x", action: "api-key.revoked", subject: "x", detail: {} };
  await maker.stores.access.revokeKey(first.key.id, entry);

  expect(await maker.make.first()).toBeUndefined();
});

test("what a person reads is one line with the key and its end", async () => {
  await using maker = await keyMaker(":memory:");
  const first = await maker.make.first();
  if (first === undefined) throw new Error("expected a key");

  const line = adminKeyLine(first);

  expect(line.split("\n")).toHaveLength(2);
  expect(line).toContain(first.secret);
  expect(line).toMatch(/good until \d{4}-\d\d-\d\d/);
  expect(line).toContain("MODELFLEET_API_KEY");
});

test("who has lost every key makes a new one at the machine, while the controller stands still", async () => {
  await using controller = await startInProcess();
  const recover = async (folder: string) => {
    const recorded = recordedTerminal();
    const argv = ["controller", "recover-admin", "--data", folder];
    const exitCode = await runProgram(argv, recorded.terminal);
    return { exitCode, out: recorded.out(), err: recorded.err() };
  };

  const early = await recover(controller.folder);
  await controller.close();
  const done = await recover(controller.folder);

  expect(early).toMatchObject({ exitCode: 1, out: "" });
  expect(early.err).toContain("another one runs there");
  expect(done.exitCode).toBe(0);
  expect(done.out).toMatch(/^mfk_[0-9a-f]{16}_[\w-]{43}\n$/);
  await using stores = await openDatabase(`${controller.folder}/controller.sqlite`);
  const [key] = await stores.access.keys();
  expect(key).toMatchObject({ id: done.out.slice(4, 20), grants: [{ role: "admin" }] });
});

test("a mistyped folder does not become a controller's", async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.path, { recursive: true });
  const recorded = recordedTerminal();

  const argv = ["controller", "recover-admin", "--data", folder.inside("typo")];

  expect(await runProgram(argv, recorded.terminal)).toBe(2);
  expect(recorded.err()).toContain("--data");
  await expect(openDatabase(folder.inside("typo", "controller.sqlite"))).rejects.toThrow();
});
