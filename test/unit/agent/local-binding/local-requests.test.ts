import { localBusLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { bindingRig } from "../../../support/agent/binding-rig.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";

const echo = (model: Partial<Parameters<typeof fakeModel>[0]> = {}) =>
  fakeModel({ version: "1.0.0", says: (inputs) => inputs, ...model });
const request = (id?: string, data: readonly number[] = [3, 4]) =>
  JSON.stringify({ id, inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data }] });

describe("a request", () => {
  const requests = { requests: { prefix: "infer" } };

  test("by MQTT 3.1.1 is answered at a topic with its id", async () => {
    const rig = bindingRig(requests);
    await rig.activate(echo());

    await rig.say("infer/digits/req", request("r1"));

    expect(rig.topics()).toEqual(["infer/digits/res/r1"]);
    expect(rig.texts()[0]).toMatchObject({
      ...{ id: "r1", model_name: "digits", model_version: "1.0.0" },
      outputs: [{ data: [3, 4] }],
    });
  });

  test("by MQTT 5 is answered at its response topic, with its correlation data", async () => {
    const rig = bindingRig(requests);
    await rig.activate(echo());
    const correlation = Uint8Array.of(0, 255, 7);

    await rig.say("infer/digits/req", request(), { responseTopic: "mine/7", correlation });

    expect(rig.answers).toMatchObject([
      { topic: "mine/7", correlation, contentType: "application/json", qos: 1 },
    ]);
  });

  test("with binary data has it by the length of its JSON part, and is answered so where it asks for it", async () => {
    const rig = bindingRig(requests);
    await rig.activate(echo());
    const head = JSON.stringify({
      parameters: { binary_data_output: true },
      inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], parameters: { binary_data_size: 8 } }],
    });
    const floats = new Uint8Array(new Float32Array([3, 4]).buffer);

    await rig.say("infer/digits/req", Buffer.concat([Buffer.from(head), floats]), {
      headerLength: String(head.length),
    });

    const [answer] = rig.answers;
    expect(answer?.contentType).toBe("application/octet-stream");
    const tail = answer?.payload.subarray(Number(answer.headerLength));
    expect(Buffer.from(tail ?? []).equals(floats)).toBe(true);
  });

  test.each([
    ["voice", request("r1"), "UNKNOWN_MODEL infer/voice/res/r1"],
    ["digits", request("r1", [1]), "BAD_TENSOR infer/digits/res/r1"],
    ["digits", '{"id":"r1"}', "FORMAT infer/digits/res/r1"],
    ["digits", "{", "FORMAT infer/digits/res"],
    ["digits", '{"id":"a/b"}', "FORMAT infer/digits/res"],
  ])("to %s of %s is answered with the error %s", async (model, text, error) => {
    const rig = bindingRig(requests);
    await rig.activate(echo());

    await rig.say(`infer/${model}/req`, text);

    expect(`${rig.texts()[0]?.code} ${rig.topics().join()}`).toBe(error);
  });

  test("with binary data is told of an error at the topic of its id too", async () => {
    const rig = bindingRig(requests);
    const head = JSON.stringify({ id: "r1", inputs: [] });

    await rig.say("infer/digits/req", Buffer.concat([Buffer.from(head), Buffer.from([255])]), {
      headerLength: String(head.length),
    });

    expect(rig.topics()).toEqual(["infer/digits/res/r1"]);
  });

  test("one byte too large is not parsed, not even for its id", async () => {
    const rig = bindingRig(requests);
    const { payloadBytesMax } = localBusLimits;
    const sized = (bytes: number) => request("r1").padEnd(bytes, " ");

    await rig.say("infer/digits/req", sized(payloadBytesMax));
    await rig.say("infer/digits/req", sized(payloadBytesMax + 1));

    expect(rig.topics()).toEqual(["infer/digits/res/r1", "infer/digits/res"]);
    expect(rig.texts()[1]?.code).toBe("TOO_LARGE");
  });

  test("whose answer would be a request again is refused without a word", async () => {
    const rig = bindingRig(requests);
    await rig.activate(echo());

    await rig.say("infer/digits/req", request("r1"), { responseTopic: "infer/digits/req" });

    expect(rig.answers).toEqual([]);
    expect(rig.status()).toMatchObject({ refused: 1 });
  });

  test("S29: has its answer at a topic of its own words only, whatever the model's tensors are called", async () => {
    const rig = bindingRig(requests);
    const name = "a/+/#\n$SYS";
    const inputs = [{ name, dtype: "float32" as const, shape: [1] }];
    await rig.activate(echo({ inputs, outputs: inputs }));
    const asked = { id: "1", inputs: [{ name, datatype: "FP32", shape: [1], data: [1] }] };

    await rig.say("infer/digits/req", JSON.stringify(asked));

    expect(rig.topics()).toEqual(["infer/digits/res/1"]);
    expect(rig.texts()[0]).toMatchObject({ outputs: [{ name }] });
  });
});
