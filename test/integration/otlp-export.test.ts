import { exportLimits, Sha256 } from "@modelfleet/protocol";
import { afterEach, expect, test } from "vitest";
import { otlpSink } from "../../controller/src/adapters/otlp-http/otlp-sink.ts";
import { ExportCells } from "../../controller/src/app/export/export-cells.ts";
import type { ExportedCell } from "../../controller/src/domain/export/exported-cell.ts";
import { fixtureKeys } from "../support/controller/fixture-keys.ts";
import { ManualClock } from "../support/controller/manual-clock.ts";
import { RecordingLog } from "../support/controller/recording-log.ts";
import {
  type Answering,
  startReceiver,
  type WebhookReceiver,
} from "../support/events/webhook-receiver.ts";
import { readOtlp } from "../support/otlp/read-otlp.ts";

const closers: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of closers.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

function cellOf(number: number): ExportedCell {
  return {
    ...{ model: "digits", version: "2.0.0", release: Sha256.parse("ab".repeat(32)) },
    ...{ cohort: `site=${number}`, devices: 1, fromMs: 0, untilMs: 900_000, requests: number },
    ...{ errors: [], latencySumUs: 0, psi: [] },
    latency: { scale: 3, zeroCount: number, offset: 0, counts: [] },
  };
}

const answering =
  (status: number, headers: Readonly<Record<string, string>> = {}): Answering =>
  (_got, answer) =>
    void answer.writeHead(status, headers).end("{}");

async function exporterTo(answer: Answering) {
  const receiver = await startReceiver(answer);
  const [clock, log, defects] = [new ManualClock(0), new RecordingLog(), [] as unknown[]];
  const sink = otlpSink(receiver.url.replace("/hook", "/v1/metrics"));
  const onDefect = (error: unknown) => void defects.push(error);
  const cells = new ExportCells({ clock, log, sink, onDefect, keys: fixtureKeys() });
  closers.push(receiver, cells);
  return { receiver, clock, log, cells, defects };
}

const requestsIn = ({ received }: WebhookReceiver) =>
  received.map(({ body }) => readOtlp(body).sums[0]?.points.map(({ value }) => Number(value)));

test("cells go to the collector's metrics in OTLP's JSON, many in a request, each once", async () => {
  const { receiver, cells } = await exporterTo(answering(200));
  const many = Array.from({ length: exportLimits.cellsPerRequestMax + 3 }, (_, i) => cellOf(i));

  cells.offer(many);
  await cells.tick();
  await cells.tick();

  expect(receiver.received.map(({ path }) => path)).toEqual(["/v1/metrics", "/v1/metrics"]);
  expect(receiver.received[0]?.headers["content-type"]).toBe("application/json");
  expect(requestsIn(receiver).flat()).toEqual(many.map(({ requests }) => requests));
});

test.each([
  429, 502, 503, 504,
])("a collector that answers %i is asked again later, and so often", async (status) => {
  const { receiver, clock, log, cells } = await exporterTo(answering(status));

  cells.offer([cellOf(1)]);
  await cells.tick();
  await cells.tick();
  expect(receiver.received).toHaveLength(1);
  for (let turn = 0; turn < 2 * exportLimits.attemptsMax; turn++) {
    await clock.advance(exportLimits.retryMsMax);
    await cells.tick();
  }

  expect(receiver.received).toHaveLength(exportLimits.attemptsMax);
  expect(cells.dropped()).toBe(1);
  expect(log.named("export.dropped")).toMatchObject([{ cells: 1 }]);
});

test.each([400, 401, 404, 500, 307])("an answer of %i is final", async (status) => {
  const { receiver, log, cells } = await exporterTo(answering(status, { location: "/elsewhere" }));

  cells.offer([cellOf(1)]);
  await cells.tick();
  await cells.tick();

  expect(receiver.received.map(({ path }) => path)).toEqual(["/v1/metrics"]);
  expect(log.named("export.dropped")).toMatchObject([{ cells: 1 }]);
});

test("a collector that comes back gets what waited, and Retry-After is kept to", async () => {
  const { receiver, clock, cells } = await exporterTo(answering(503, { "retry-after": "60" }));
  cells.offer([cellOf(1)]);
  await cells.tick();
  receiver.answer = answering(200);
  cells.offer([cellOf(2)]);

  await clock.advance(59_999);
  await cells.tick();
  expect(receiver.received).toHaveLength(1);
  await clock.advance(1);
  await cells.tick();

  expect(requestsIn(receiver)).toEqual([[1], [1, 2]]);
  expect(cells.dropped()).toBe(0);
});

test("of too many cells the oldest go, are counted and told; a collector that is not there is no defect", async () => {
  const { receiver, log, cells, defects } = await exporterTo(answering(200));
  await receiver[Symbol.asyncDispose]();
  closers.shift();

  cells.offer(Array.from({ length: exportLimits.cellsWaitingMax + 5 }, (_, i) => cellOf(i)));
  await cells.tick();

  expect(cells.dropped()).toBe(5);
  expect(log.named("export.dropped")).toMatchObject([{ cells: 5 }]);
  expect(defects).toEqual([]);
});
