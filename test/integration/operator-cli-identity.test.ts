import { afterEach, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { json, serve, stopServing } from "../support/cli/fake-controller.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";

afterEach(stopServing);

const fingerprint = "0123-4567-89ab-cdef-0123-4567-89ab-cdef";
const device = {
  ...{ id: "cam-0017", state: "revoked", revoked: { atMs: 0, reason: "stolen" } },
  ...{ class: "cam-v2", labels: {}, enrolledAtMs: 0, online: false, lastSeenAtMs: null },
  ...{ boot: null, agentVersion: null, facts: null, desired: { seq: 0, slots: [] } },
  ...{ slots: [], recent: [] },
};
const claim = {
  ...{ id: "0123456789abcdef", class: "cam-v2", uses: 2, used: 1, expiresAtMs: 4e12, labels: {} },
  ...{ device: null, needsApproval: true, revokedAtMs: null },
};

/** Runs one command against a controller that gives this answer. */
async function run(answer: object, ...args: readonly string[]) {
  const asked = { method: "", url: "", body: "" };
  const url = await serve((incoming, outgoing) => {
    Object.assign(asked, { method: incoming.method, url: incoming.url });
    incoming.on("data", (chunk: Buffer) => {
      asked.body += chunk.toString("utf8");
    });
    incoming.on("end", () => json(outgoing, 200, answer));
  });
  const recorded = recordedTerminal({ MODELFLEET_URL: url });
  const exitCode = await runProgram(args, recorded.terminal);
  return { exitCode, asked, out: recorded.out(), err: recorded.err() };
}

test("a device is revoked with its reason, and the way to replace it is named", async () => {
  const done = await run(device, "device", "revoke", "cam-0017", "--reason", "stolen");

  expect(done).toMatchObject({
    exitCode: 0,
    asked: { method: "POST", url: "/v1/devices/cam-0017/revoke", body: '{"reason":"stolen"}' },
  });
  expect(done.out).toContain("cam-0017 is revoked");
  expect(done.err).toContain("modelfleet claim create --class cam-v2 --device cam-0017");
});

test("a revoked device is shown and listed as revoked, with when and why", async () => {
  const shown = await run(device, "device", "show", "cam-0017");
  const listed = await run({ devices: [device] }, "device", "list");

  expect(shown.out).toContain("revoked  1970-01-01T00:00:00.000Z: stolen");
  expect(listed.out).toContain("revoked");
  expect(listed.out).not.toContain("offline");
});

test("a fingerprint is sent as the agent printed it, however it was typed", async () => {
  const typed = fingerprint.toUpperCase().replaceAll("-", " ");
  const done = await run(
    { ...device, state: "active", revoked: null },
    ...["device", "approve", "cam-0017", "--fingerprint", typed],
  );

  expect(done).toMatchObject({
    exitCode: 0,
    asked: { url: "/v1/devices/cam-0017/approve", body: JSON.stringify({ fingerprint }) },
  });
});

test("what is no fingerprint is a mistake of the command line", async () => {
  const done = await run(device, "device", "approve", "cam-0017", "--fingerprint", "0123-4567");

  expect(done.exitCode).toBe(2);
  expect(done.err).toContain("8 groups of 4 hex digits");
  expect(done.asked.url).toBe("");
});

test("a claim is revoked by its id", async () => {
  const done = await run({ ...claim, revokedAtMs: 1 }, "claim", "revoke", claim.id);

  expect(done).toMatchObject({
    exitCode: 0,
    asked: { method: "DELETE", url: "/v1/claims/0123456789abcdef" },
  });
  expect(done.out).toContain("1 of 2 uses were taken");
});

test("claims are listed with what they admit and how they stand", async () => {
  const claims = [
    claim,
    { ...claim, id: "00000001", revokedAtMs: 0 },
    { ...claim, id: "00000002", expiresAtMs: 0 },
    { ...claim, id: "00000003", used: 2, device: "cam-0017" },
  ];
  const { out } = await run({ claims }, "claim", "list");

  expect(out).toContain("by approval");
  for (const state of ["open until", "revoked 1970", "expired 1970", "used up", "cam-0017"]) {
    expect(out).toContain(state);
  }
});

test("a claim for one device, by approval, is asked for so", async () => {
  const created = { claim, enrolment: "mf1:…" };
  const { asked } = await run(created, "claim", "create", "--device", "cam-0017", "--approve");

  expect(JSON.parse(asked.body)).toMatchObject({ device: "cam-0017", needsApproval: true });
});

test("a second reason for a revoked device is not dropped without a word", async () => {
  const again = await run(device, "device", "revoke", "cam-0017", "--reason", "sold");
  const same = await run(device, "device", "revoke", "cam-0017", "--reason", "stolen");

  expect(again.err).toContain('revoked already, since 1970-01-01T00:00:00Z, with reason "stolen"');
  expect(same.err).not.toContain("already");
});

test("a claim by approval says that the device waits, and what lets it in", async () => {
  const created = { claim, enrolment: "mf1:…" };
  const { err } = await run(created, "claim", "create", "--approve");
  const plain = await run(created, "claim", "create", "--valid", "1d");

  expect(err).toMatch(/will wait.*modelfleet device approve/);
  expect(plain).toMatchObject({ exitCode: 0 });
  expect(plain.err).not.toContain("approve");
});

test("what to type on the device names the class, where the claim admits another than the usual one", async () => {
  const created = { claim, enrolment: "mf1:…" };
  const { err } = await run(created, "claim", "create", "--class", "cam-v2");
  const plain = await run(created, "claim", "create");

  expect(err).toContain("agent enrol 'mf1:…' --data ./device --class cam-v2\n");
  expect(plain.err).toContain("agent enrol 'mf1:…' --data ./device\n");
});

test.each([
  "25h",
  "2d",
  "999ms",
])("a claim valid for %s is refused before it is asked for", async (valid) => {
  const { asked, err, exitCode } = await run({}, "claim", "create", "--valid", valid);

  expect({ exitCode, url: asked.url }).toEqual({ exitCode: 2, url: "" });
  expect(err).toContain("--valid: expected at least 1s and at most 24h");
});
