import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { RequestLine } from "../../../../agent/src/adapters/runner-process/request-line.ts";
import { RunnerGone } from "../../../../agent/src/loading/runner-gone.ts";
import { eventually } from "../../../support/eventually.ts";

const MINUTE_MS = 60_000;

/** A line to a runner that answers nothing, and what became of the runner. */
function silentRunner(starvedMs: () => Promise<number> = () => Promise.resolve(0)) {
  const killedAfterMs: number[] = [];
  const line = new RequestLine({
    send: () => undefined,
    onTooLong: (limitMs) => {
      killedAfterMs.push(limitMs);
      line.fail(new Error("the rest of the line"));
    },
    monotonicMs: () => performance.now(),
    starvedMs,
  });
  return { line, killedAfterMs };
}

const timesOf = (hangMs: number) => ({ note: () => undefined, hangMs: () => hangMs });

describe("a request that is not answered", () => {
  test("for far longer than answers take is a hang: there is time for another try", async () => {
    const { line, killedAfterMs } = silentRunner();

    const asked = line.ask({ kind: "ping" }, { runMsMax: MINUTE_MS, times: timesOf(30) });

    await expect(asked).rejects.toMatchObject({
      code: "HUNG",
      message: "expected an answer within 30 ms, got none",
    });
    expect(killedAfterMs).toEqual([30]);
  });

  test.each([
    ["before that", timesOf(MINUTE_MS)],
    ["where nothing was measured", undefined],
  ])("within the release's limit, %s, took too long", async (_, times) => {
    const { line, killedAfterMs } = silentRunner();

    const asked = line.ask({ kind: "ping" }, { runMsMax: 30, ...(times && { times }) });

    await expect(asked).rejects.toMatchObject({ code: "TOO_LONG" });
    expect(killedAfterMs).toEqual([30]);
  });
});

describe("a request of a runner that gets no processor time", () => {
  test("has as much more time as it was kept waiting, and no more", async () => {
    let reads = 0;
    // 1,000 ms before it was next; 60 ms more by the time its limit is over, and no more after that.
    const { line, killedAfterMs } = silentRunner(() =>
      Promise.resolve(reads++ === 0 ? 1_000 : 1_060),
    );
    const beganMs = performance.now();

    const asked = line.ask({ kind: "ping" }, { runMsMax: 30, starvedMsMax: 10_000 });

    await expect(asked).rejects.toMatchObject({ code: "TOO_LONG" });
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(90);
    expect(killedAfterMs).toEqual([30]);
  });

  test("is given up when it was kept waiting for longer than that may be", async () => {
    const { line, killedAfterMs } = silentRunner(() => Promise.resolve(performance.now()));
    const beganMs = performance.now();

    const asked = line.ask({ kind: "ping" }, { runMsMax: 20, starvedMsMax: 40 });

    await expect(asked).rejects.toMatchObject({ code: "TOO_LONG" });
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(60);
    expect(killedAfterMs).toEqual([20]);
  });

  test("is answered meanwhile, and the next one has its own time", async () => {
    const reading = Promise.withResolvers<number>();
    let reads = 0;
    const { line, killedAfterMs } = silentRunner(() => {
      reads += 1;
      return reading.promise;
    });
    const first = line.ask({ kind: "ping" }, { runMsMax: 10, starvedMsMax: 10_000 });
    await eventually(() => reads === 2);

    line.answer({ kind: "pong", id: 1 });
    const second = line.ask({ kind: "ping" }, { runMsMax: MINUTE_MS });
    reading.resolve(0);
    await first;
    await new Promise((resolve) => setImmediate(resolve));

    expect(killedAfterMs).toEqual([]);
    line.answer({ kind: "pong", id: 2 });
    await expect(second).resolves.toEqual({ kind: "pong", id: 2 });
  });
});

test("the time of an answer counts from when the runner had nothing else to do", async () => {
  let nowMs = 0;
  const noted: number[] = [];
  const times = { note: (ms: number) => void noted.push(ms), hangMs: () => MINUTE_MS };
  const line = new RequestLine({
    send: () => undefined,
    onTooLong: () => undefined,
    monotonicMs: () => nowMs,
    starvedMs: () => Promise.resolve(0),
  });
  const asked = [1, 2].map(() => line.ask({ kind: "ping" }, { runMsMax: MINUTE_MS, times }));

  nowMs = 7;
  line.answer({ kind: "pong", id: 1 });
  nowMs = 10;
  line.answer({ kind: "pong", id: 2 });
  await Promise.all(asked);

  expect(noted).toEqual([7, 3]);
});

test("an answer that came in time is an answer, though this process was held up and read it late", async () => {
  const { line, killedAfterMs } = silentRunner();
  await using pair = await socketPair();
  pair.near.on("data", () => line.answer({ kind: "pong", id: 1 }));
  const asked = line.ask({ kind: "ping" }, { runMsMax: 20 });

  pair.far.write("the answer");
  holdUp(60);

  await expect(asked).resolves.toEqual({ kind: "pong", id: 1 });
  expect(killedAfterMs).toEqual([]);
});

function holdUp(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

async function socketPair() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const far = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [near] = (await once(server, "connection")) as [Socket];
  return {
    near,
    far,
    [Symbol.asyncDispose]: async () => {
      for (const end of [near, far]) end.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

describe("one timer for the whole line", () => {
  test("tells each caller of its own deadline, whichever was asked first, and keeps the rest in line", async () => {
    const { line } = silentRunner();
    const ask = (timeoutMs?: number) =>
      line
        .ask({ kind: "ping" }, { runMsMax: MINUTE_MS, ...(timeoutMs && { timeoutMs }) })
        .catch((error: unknown) => (error instanceof RunnerGone ? error.code : error));
    const patient = ask();
    const all = [ask(90), ask(60), ask(30)];

    expect(await Promise.all(all)).toEqual(["LATE", "LATE", "LATE"]);
    // The first two are with the runner, which answers them all the same; the others were withdrawn.
    line.answer({ kind: "pong", id: 1 });
    expect(await patient).toEqual({ kind: "pong", id: 1 });
    line.answer({ kind: "pong", id: 2 });
    expect(() => line.answer({ kind: "pong", id: 3 })).toThrow("expected the answer to nothing");
  });

  test("watches whoever is next with its own limit, be it shorter than what the one before had left", async () => {
    const { line, killedAfterMs } = silentRunner();
    const first = line.ask({ kind: "ping" }, { runMsMax: MINUTE_MS });
    const second = line.ask({ kind: "ping" }, { runMsMax: 30 });

    line.answer({ kind: "pong", id: 1 });

    await first;
    await expect(second).rejects.toMatchObject({ code: "TOO_LONG" });
    expect(killedAfterMs).toEqual([30]);
  });

  test("gives the next one its whole limit, though it was set for the one before", async () => {
    const { line, killedAfterMs } = silentRunner();
    const asked = [1, 2].map(() => line.ask({ kind: "ping" }, { runMsMax: 400 }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const nextMs = performance.now();
    line.answer({ kind: "pong", id: 1 });

    await expect(asked[1]).rejects.toMatchObject({ code: "TOO_LONG" });

    expect(performance.now() - nextMs).toBeGreaterThanOrEqual(400);
    expect(killedAfterMs).toEqual([400]);
  });
});
