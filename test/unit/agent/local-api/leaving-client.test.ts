import { once } from "node:events";
import { connect } from "node:net";
import { runnerLimits, SlotName } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { RoutedRequest } from "../../../../agent/src/domain/serving/routed-model.ts";
import { Router } from "../../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import { apiFixture } from "../../../support/agent/api-fixture.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { floatsOf } from "../../../support/agent/floats.ts";
import { realClock } from "../../../support/agent/runner-fixture.ts";
import { eventually } from "../../../support/eventually.ts";

const slot = SlotName.parse("main");
const path = "/v2/models/digits/infer";
const bodyOf = (value: number) => ({
  inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [value, 0] }],
});

test("a client that ends its connection takes its waiting request with it, and no model is asked", async () => {
  const router = new Router<LoadedModel>({ clock: realClock });
  const requests: RoutedRequest[] = [];
  const infer = (request: RoutedRequest) => {
    requests.push(request);
    return router.infer(request);
  };
  await using fixture = await apiFixture({ models: { slots: () => router.slots(), infer } });
  const model = fakeModel({ version: "1.0.0", answersAtOnce: false });
  await router.activate(slot, model);
  const running = Array.from({ length: runnerLimits.pipelinedMax }, (_, i) =>
    fixture.ask({ path, body: bodyOf(i) }),
  );
  await eventually(() => requests.length === running.length);
  const body = JSON.stringify(bodyOf(7));
  const leaving = connect(fixture.api.socketPath);
  leaving.write(
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await eventually(() => router.counts(slot)?.waiting === 1);
  const staying = fixture.ask({ path, body: bodyOf(8) });
  await eventually(() => router.counts(slot)?.waiting === 2);

  leaving.destroy();
  await once(leaving, "close");
  await eventually(() => requests[running.length]?.isUnwanted?.() === true);
  const asked: number[] = [];
  await eventually(() => {
    for (const { inputs, answer } of model.waiting.splice(0)) {
      asked.push(...inputs.flatMap(floatsOf).slice(0, 1));
      answer();
    }
    return asked.includes(8);
  });

  expect((await staying).status).toBe(200);
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
  expect(asked.toSorted()).toEqual([0, 1, 8]);
  expect(router.counts(slot)).toMatchObject({ withdrawn: 1, waiting: 0, running: 0 });
  expect(fixture.defects).toEqual([]);
});
