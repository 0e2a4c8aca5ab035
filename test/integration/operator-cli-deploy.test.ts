import { afterEach, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { json, serve, stopServing } from "../support/cli/fake-controller.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";

afterEach(stopServing);

const orderOf = (status: string) => ({
  id: "d1",
  release: "a".repeat(64),
  model: "digits",
  version: "1.0.0",
  slot: "main",
  target: { all: true },
  createdAtMs: 1,
  approval: { state: "not-needed" },
  devices: [{ device: "cam-1", status, seq: 1, step: null, code: null, detail: null, reasons: [] }],
});

test("a deployment that is not done prints one JSON object, the deployment, and ends with exit code 1", async () => {
  const url = await serve((_, outgoing) => json(outgoing, 201, orderOf("ineligible")));
  const recorded = recordedTerminal({ MODELFLEET_URL: url });

  expect(await runProgram(["deploy", "digits@1.0.0", "--all", "--json"], recorded.terminal)).toBe(
    1,
  );
  expect(JSON.parse(recorded.out())).toMatchObject({ id: "d1" });
});

test("a wait that ends before the devices shows how far they are and says how to follow them", async () => {
  const url = await serve((_, outgoing) => json(outgoing, 200, orderOf("assigned")));
  const recorded = recordedTerminal({ MODELFLEET_URL: url });

  const exitCode = await runProgram(
    ["deploy", "digits@1.0.0", "--all", "--wait", "--timeout", "1s"],
    recorded.terminal,
  );

  expect(exitCode).toBe(1);
  expect(recorded.out()).toMatch(/cam-1 +assigned/);
  expect(recorded.err()).toContain("modelfleet device show cam-1");
});

test("a wait says once that the controller is not ready to speak to devices, and once that it is again", async () => {
  const detail = "expected the broker to work; the controller's log has why";
  const away = { type: "about:blank", title: "Not ready", status: 503, code: "NOT_READY", detail };
  let asked = 0;
  const url = await serve(({ url: path }, outgoing) => {
    const isHealth = path === "/health/ready";
    if (isHealth) asked += 1;
    const isAway = isHealth && asked < 3;
    json(outgoing, isAway ? 503 : 200, isAway ? away : orderOf("assigned"));
  });
  const recorded = recordedTerminal({ MODELFLEET_URL: url });

  await runProgram(
    ["deploy", "digits@1.0.0", "--all", "--wait", "--timeout", "15s"],
    recorded.terminal,
  );

  expect(asked).toBeGreaterThan(3);
  expect(recorded.err().match(/the controller is .*/g)).toEqual([
    `the controller is not ready: NOT_READY: ${detail}`,
    "the controller is ready again",
  ]);
});

test("a wait outlives a controller that goes away and comes back", async () => {
  let asked = 0;
  const url = await serve((incoming, outgoing) => {
    asked += 1;
    if (asked === 2) incoming.socket.destroy();
    else json(outgoing, 200, orderOf(asked > 2 ? "confirmed" : "assigned"));
  });
  const recorded = recordedTerminal({ MODELFLEET_URL: url });

  expect(await runProgram(["deploy", "digits@1.0.0", "--all", "--wait"], recorded.terminal)).toBe(
    0,
  );
  expect(asked).toBe(3);
});

test("a deployment that waits for a second person says how that one agrees", async () => {
  const approval = { state: "awaiting-approval", requestedBy: "key:1" };
  const waiting = { ...orderOf("assigned"), devices: [], approval };
  const url = await serve((_, outgoing) => json(outgoing, 201, waiting));
  const recorded = recordedTerminal({ MODELFLEET_URL: url });
  const argv = ["deploy", "digits@1.0.0", "--all"];

  expect(await runProgram(argv, recorded.terminal)).toBe(0);
  expect(recorded.out()).toContain("modelfleet deploy approve d1");
  expect(await runProgram([...argv, "--wait", "--timeout", "1s"], recorded.terminal)).toBe(1);
});

test("the second person agrees with an id, and gets one JSON object when he asks for it", async () => {
  const asked: string[] = [];
  const url = await serve(({ method, url: path }, outgoing) => {
    asked.push(`${method ?? ""} ${path ?? ""}`);
    json(outgoing, 200, orderOf("assigned"));
  });
  const recorded = recordedTerminal({ MODELFLEET_URL: url });

  expect(await runProgram(["deploy", "approve", "d1", "--json"], recorded.terminal)).toBe(0);

  expect(asked).toEqual(["POST /v1/deployments/d1/approve"]);
  expect(JSON.parse(recorded.out())).toMatchObject({ id: "d1" });
});
