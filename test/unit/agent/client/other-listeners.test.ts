import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { connect } from "../../../../agent/src/client/index.ts";
import { apiFixture } from "../../../support/agent/api-fixture.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";

const CHANNEL = "http.client.response.finish";

test.each([
  ["put together where it stays", 300_000],
  ["of one piece", 1_000],
])("what else listens in the application, as a tracer does, keeps what it heard of an answer %s", async (_, length) => {
  await using fixture = await apiFixture();
  const bytes = Uint8Array.from({ length }, (__, i) => i % 251);
  const reply = [{ name: "y", dtype: "uint8", shape: [length], bytes }] as const;
  await fixture.activate(fakeModel({ version: "1.0.0", reply }));
  const heard: Buffer[] = [];
  const listen = (message: unknown) => {
    const { response } = message as { readonly response: IncomingMessage };
    response.on("data", (chunk: Buffer) => heard.push(chunk));
  };
  subscribe(CHANNEL, listen);
  const client = connect(fixture.place as { socketPath: string });

  const answer = await client
    .model("digits")
    .infer({ x: { data: Float32Array.of(1, 2), shape: [1, 2] } })
    .finally(() => {
      unsubscribe(CHANNEL, listen);
      client.close();
    });

  expect(answer.outputs["y"]?.data).toEqual(bytes);
  expect(Buffer.concat(heard).subarray(-length).equals(bytes)).toBe(true);
});
