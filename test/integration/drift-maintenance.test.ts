import {
  AlertDetail,
  AlertList,
  type Maintenance,
  ModelName,
  type Sha256,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { localPrincipal, type Principal } from "../../controller/src/domain/access/principal.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { smallUpload } from "../support/controller/upload.ts";
import { type DriftServer, startDriftServer } from "../support/drift/drift-server.ts";
import { cellMs, driftStartMs } from "../support/drift/drift-world.ts";

let server: DriftServer;
let release: Sha256;
let halls: readonly { readonly hall: string; readonly device: SimulatedDevice }[];
beforeEach(async () => {
  server = await startDriftServer();
  release = await server.world.publish();
  halls = [
    { hall: "north", device: await server.world.device("north-0", { hall: "north" }) },
    { hall: "south", device: await server.world.device("south-0", { hall: "south" }) },
  ];
});
afterEach(async () => {
  expect(server.world.defects).toEqual([]);
  await server[Symbol.asyncDispose]();
});

/** One cell, in which some halls are shifted, is judged. */
async function measure(cell: number, shifted: readonly string[]): Promise<void> {
  const startMs = driftStartMs + cell * cellMs;
  const shift = { feature: 0, by: 1 };
  for (const { hall, device } of halls) {
    const wish = { startMs, items: 1_000, ...(shifted.includes(hall) ? { shift } : {}) };
    await server.world.send(device, [server.world.window(release, wish)]);
  }
  await server.world.judge(startMs);
}

const cli = async (...argv: readonly string[]) => {
  const { terminal, out, err } = recordedTerminal({ MODELFLEET_URL: server.url });
  const code = await runProgram(argv, { ...terminal, nowMs: server.world.clock.nowMs });
  return { code, out: out(), err: err() };
};
const timeOf = (cell: number) => new Date(driftStartMs + cell * cellMs).toISOString();
const announce = (from: number, to: number, ...more: readonly string[]) =>
  cli(
    ...["maintenance", "add", "--model", "vision.defects", "--from", timeOf(from)],
    ...["--to", timeOf(to), "--reason", "new lamps", ...more],
  );
async function maintenanceId(): Promise<string> {
  const { out } = await cli("maintenance", "list", "--json");
  const [{ id }] = (JSON.parse(out) as { maintenance: [Maintenance] }).maintenance;
  return id;
}
const alerts = async () =>
  AlertList.parse(await (await server.ask("/v1/alerts")).json()).alerts.toSorted((left, right) =>
    left.cohort < right.cohort ? -1 : 1,
  );
const standing = async () =>
  (await alerts()).map(({ cohort, state, suppression }) => [cohort, state, suppression]);
const told = async () =>
  (await server.world.stores.audit.page(0, 1_000)).events.map(({ action }) => action);

describe("a maintenance", () => {
  test("of a hall keeps its alert, the fleet's and the class's from people, and what still stands then is told", async () => {
    expect(await announce(0, 4, "--cohort", "hall=south")).toMatchObject({ code: 0 });

    for (const cell of [0, 1, 2, 3]) await measure(cell, ["south"]);
    expect(await standing()).toEqual([
      ["class=cam-v2", "SUPPRESSED", "maintenance"],
      ["fleet", "SUPPRESSED", "maintenance"],
      ["hall=south", "SUPPRESSED", "maintenance"],
    ]);
    const [, , south] = await alerts();
    const shown = await cli("alert", "show", south?.id ?? "");
    expect(shown.out).toContain(
      "not told: maintenance of hall=south until 2026-11-21T09:00:00Z, announced by local",
    );
    expect(shown.out).toContain("1 of 1 device): new lamps");
    expect((await told()).at(-1)).toBe("maintenance.announced");

    await measure(4, ["south"]);
    expect(await standing()).toEqual([
      ["class=cam-v2", "SUPPRESSED", "parent"],
      ["fleet", "FIRING", null],
      ["hall=south", "SUPPRESSED", "parent"],
    ]);
    expect(await told()).toContain("alert.fired");
  });

  test("of a hall does not keep the alert of another one from people", async () => {
    await announce(0, 9, "--cohort", "hall=south");

    for (const cell of [0, 1, 2]) await measure(cell, ["north"]);

    expect(await standing()).toContainEqual(["hall=north", "FIRING", null]);
  });

  test("that is over with what it was about is never told", async () => {
    await announce(0, 4);

    for (const cell of [0, 1, 2, 3]) await measure(cell, ["south"]);
    for (const cell of [4, 5, 6, 7]) await measure(cell, []);

    for (const { state } of await alerts()) expect(state).toBe("OK");
    expect(await told()).not.toContain("alert.fired");
    expect(await told()).not.toContain("alert.resolved");
  });

  test("silences an alert that fires, which fires again when somebody ends it, and is not told twice", async () => {
    for (const cell of [0, 1, 2]) await measure(cell, ["south"]);
    expect(await standing()).toContainEqual(["fleet", "FIRING", null]);
    await announce(3, 100);
    await measure(3, ["south"]);
    expect(await standing()).toContainEqual(["fleet", "SUPPRESSED", "maintenance"]);

    // It is the sixth cell when the fourth is judged.
    const ended = await cli("maintenance", "end", await maintenanceId());
    expect(ended).toMatchObject({ code: 0 });
    for (const cell of [4, 5]) await measure(cell, ["south"]);
    expect(await standing()).toContainEqual(["fleet", "SUPPRESSED", "maintenance"]);
    await measure(6, ["south"]);
    expect(await standing()).toContainEqual(["fleet", "FIRING", null]);
    expect((await told()).filter((action) => action === "alert.fired")).toHaveLength(1);
    expect(await told()).toContain("maintenance.ended");
  });
});

test("verdicts are what they are, and say that they are under maintenance", async () => {
  await announce(0, 20);
  await measure(0, ["south"]);

  const { out } = await cli("drift", "show", "vision.defects", "--cohort", "hall=south");

  expect(out).toContain("BREACH");
  expect(out).toContain(
    "under maintenance: vision.defects fleet: new lamps, until 2026-11-21T13:00Z",
  );
  expect((await cli("alert", "list")).out).toContain("under maintenance: vision.defects fleet");
  await server.world.app.useCases.publishRelease.run(
    smallUpload({ model: "vision.other" }),
    localPrincipal,
  );
  const other = await cli("alert", "list", "--model", "vision.other");
  expect(other).toMatchObject({ code: 0 });
  expect(other.out).not.toContain("maintenance:");
});

describe("what is announced", () => {
  test("has an end after its beginning that is to come, is not too long, nor too far away", async () => {
    const [day, nowCell] = [96, 1];

    for (const [from, to, reason] of [
      [5, 5, "an end after its beginning"],
      [0, nowCell, "an end that is still to come"],
      [2, 2 + 30 * day + 1, "at most 30 days from beginning to end"],
      [nowCell - day - 1, 5, "a beginning at most 1 day ago"],
      [nowCell + 90 * day + 1, 91 * day + 9, "a beginning within 90 days"],
    ] as const) {
      const refused = await announce(from, to);
      expect([refused.code, refused.err]).toEqual([5, expect.stringContaining(reason)]);
    }
    for (const [from, to] of [
      [0, nowCell + 1],
      [2, 2 + 30 * day],
      [nowCell - day, 5],
      [nowCell + 90 * day, 91 * day + 9],
    ] as const) {
      expect(await announce(from, to)).toMatchObject({ code: 0 });
    }
    const wrong = await announce(0, 5, "--cohort", "south");
    expect(wrong.err).toContain("expected fleet, class=NAME or LABEL=VALUE");
    expect(await announce(0, 5, "--for", "1h")).toMatchObject({ code: 2 });
    expect(await cli("maintenance", "end", "nothing")).toMatchObject({ code: 2 });
    expect(await cli("maintenance", "end", "00".repeat(8))).toMatchObject({ code: 3 });
  });

  test.each([
    [["--cohort", "hall=suoth"], "(fleet, class=cam-v2, hall=north, hall=south), got hall=suoth"],
    [["--cohort", "class=cam-v3"], "(fleet, class=cam-v2, hall=north, hall=south), got class="],
    [["--model", "vision.defect"], "expected a model with a release (vision.defects), got"],
  ])("names devices and a model that there are, else nobody would notice that it silences nothing: %s", async (flags, why) => {
    const refused = await announce(0, 5, ...flags);

    expect([refused.code, refused.err]).toEqual([3, expect.stringContaining(why)]);
    expect((await cli("maintenance", "list")).out).toContain("nothing is announced");
    expect(await announce(0, 5, "--cohort", "class=cam-v2")).toMatchObject({ code: 0 });
    expect(await cli("maintenance", "list", "--model", "vision.defect")).toMatchObject({ code: 3 });
  });

  test("and is not over is at most a hundred; one that somebody ended makes room", async () => {
    for (let i = 0; i < 100; i++) {
      const body = { model: "vision.defects", untilMs: driftStartMs + 9 * cellMs, reason: `${i}` };
      const headers = { "content-type": "application/json" };
      const init = { method: "POST", headers, body: JSON.stringify(body) };
      expect((await server.ask("/v1/maintenance", init)).status).toBe(201);
    }

    const refused = await announce(2, 3);
    expect([refused.code, refused.err]).toEqual([5, expect.stringContaining("fewer than 100")]);
    await cli("maintenance", "end", await maintenanceId());
    expect(await announce(2, 3)).toMatchObject({ code: 0 });
  });

  test("is ended once; afterwards it stays as it is", async () => {
    await announce(0, 9);
    const id = await maintenanceId();
    const ended = async () =>
      JSON.parse((await cli("maintenance", "end", id, "--json")).out) as Maintenance;

    const first = await ended();
    await server.world.clock.advance(1_000);

    expect(first).toMatchObject({ endedBy: "local", endedAtMs: driftStartMs + cellMs });
    expect(await ended()).toEqual(first);
    expect((await told()).filter((action) => action === "maintenance.ended")).toHaveLength(1);
  });

  test("stands before what somebody has ended, whenever that would have ended", async () => {
    await announce(0, 100, "--reason", "a long one");
    await cli("maintenance", "end", await maintenanceId());
    await announce(0, 9, "--reason", "a short one");

    const { out } = await cli("maintenance", "list");

    expect(out.indexOf("a short one")).toBeLessThan(out.indexOf("a long one"));
  });

  test("of a hall is announced, seen and ended by whoever has rights over it, and by nobody else", async () => {
    const { announceMaintenance, endMaintenance, listMaintenance } = server.world.app.useCases;
    const with_ = (role: "deployer" | "viewer", hall: string): Principal => ({
      ...{ kind: "api-key", id: `key:${role}-${hall}` },
      grants: [{ role, models: ["*"], labels: { hall } }],
    });
    const request = {
      ...{ model: ModelName.parse("vision.defects"), cohort: "hall=south", reason: "lamps" },
      untilMs: driftStartMs + 9 * cellMs,
    };

    for (const caller of [with_("viewer", "south"), with_("deployer", "north")]) {
      const tried = announceMaintenance.run(request, caller);
      await expect(tried).rejects.toMatchObject({ code: "NOT_PERMITTED" });
    }
    const whole = announceMaintenance.run(
      { ...request, cohort: "fleet" },
      with_("deployer", "south"),
    );
    await expect(whole).rejects.toMatchObject({ code: "NOT_PERMITTED" });
    const { id } = await announceMaintenance.run(request, with_("deployer", "south"));
    const seenBy = async (caller: Principal) =>
      (await listMaintenance.run({}, caller)).maintenance.length;
    expect(await seenBy(with_("viewer", "south"))).toBe(1);
    expect(await seenBy(with_("viewer", "north"))).toBe(0);
    await expect(endMaintenance.run(id, with_("deployer", "north"))).rejects.toMatchObject({
      code: "MAINTENANCE_UNKNOWN",
    });
    await expect(endMaintenance.run(id, with_("viewer", "south"))).rejects.toMatchObject({
      code: "NOT_PERMITTED",
    });
    expect(await endMaintenance.run(id, with_("deployer", "south"))).toMatchObject({
      endedBy: "key:deployer-south",
    });
  });
});

test("a change that was stored before its reasons were has none", async () => {
  for (const cell of [0, 1, 2]) await measure(cell, ["south"]);
  const [alert] = await alerts();
  const answer: unknown = await (await server.ask(`/v1/alerts/${alert?.id ?? ""}`)).json();

  const { changes } = AlertDetail.parse(answer);
  const old = { ...changes[0], suppressedBy: undefined };

  expect(AlertDetail.shape.changes.element.parse(old).suppressedBy).toBeNull();
});
