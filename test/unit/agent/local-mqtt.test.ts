import { readFile, writeFile } from "node:fs/promises";
import { localBusLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { readLocalMqtt } from "../../../agent/src/local-mqtt.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const binding = { input: "a/+", output: "b/{1}", payload: { form: "json" } };
const tlsUrl = { url: "mqtts://127.0.0.1:8883" };
const whole = { url: "mqtt://127.0.0.1:1883", bindings: [binding] };

/** Reads a file with this content, beside which lie others. */
async function read(content: unknown, beside: Readonly<Record<string, string>> = {}) {
  await using folder = await temporaryFolder();
  for (const [name, text] of Object.entries(beside)) await writeFile(folder.inside(name), text);
  const localMqtt = folder.inside("local.json");
  const text = typeof content === "string" ? content : JSON.stringify(content);
  await writeFile(localMqtt, text);
  return await readLocalMqtt({ localMqtt });
}

describe("the file of --local-mqtt", () => {
  test("is nothing where nobody names one", async () => {
    expect(await readLocalMqtt({})).toBeUndefined();
  });

  test("says where the broker is and what is bound, with files beside it", async () => {
    const tls = { ca: "ca.pem" };
    const login = { username: "plc", passwordFile: "secret" };
    const pem = "-----BEGIN CERTIFICATE-----\n";
    const found = await read(
      { ...whole, url: "mqtts://gateway:8883", tls, ...login, requests: {}, version: "5" },
      { "ca.pem": pem, secret: "pass word\r\nmore\n" },
    );

    expect(found?.access).toEqual({
      ...{ url: "mqtts://gateway:8883", version: "5", clientId: undefined },
      ...{ username: "plc", password: "pass word" },
      tls: { ca: pem, cert: undefined, key: undefined },
    });
    expect(found?.plan.subscriptions).toEqual([
      { topic: "infer/+/req", qos: 1 },
      { topic: "a/+", qos: 0 },
    ]);
  });

  test.each([
    ["{", "expected JSON"],
    ['{"url":"mqtt://a","url":"mqtt://b"}', "url"],
    [{ bindings: [binding] }, "url: "],
    [{ ...whole, url: "http://a" }, "url: expected mqtt://host:port"],
    [{ ...whole, url: "mqtt://plc:secret@a" }, "url: expected mqtt://host:port"],
    [{ ...whole, url: "mqtt://a/?x=1" }, "url: expected mqtt://host:port"],
    [{ ...whole, password: "secret" }, "password"],
    [{ ...whole, passwordFile: "secret" }, "passwordFile: expected a username"],
    [{ ...whole, username: "a", passwordFile: "none" }, "passwordFile: expected a file"],
    [{ ...whole, username: "a", passwordFile: "empty" }, "expected a password in the first line"],
    [{ ...whole, username: "a", passwordFile: "long" }, "passwordFile: expected at most"],
    [{ ...whole, tls: {} }, "tls: expected mqtts:// in the url"],
    [{ ...whole, ...tlsUrl, tls: { ca: "empty" } }, "tls.ca: expected PEM"],
    [{ ...whole, ...tlsUrl, tls: { cert: "empty" } }, "tls: expected cert and key together"],
    [{ url: "mqtt://a" }, "bindings: expected requests or at least one binding"],
    [{ ...whole, bindings: [{ ...binding, slot: "main", model: "m" }] }, "bindings[0].model: "],
    [
      { ...whole, bindings: [{ ...binding, labels: ["a"] }] },
      "bindings[0].labels: expected argmax",
    ],
    [{ ...whole, bindings: [{ ...binding, window: 1 }] }, "bindings[0].window: "],
    [
      { ...whole, bindings: [{ ...binding, payload: { form: "xml" } }] },
      "bindings[0].payload.form",
    ],
    [
      { ...whole, bindings: [{ ...binding, payload: { form: "fields", fields: [] } }] },
      "bindings[0].payload.fields: ",
    ],
    [{ ...whole, bindings: [{ ...binding, input: "a/#" }] }, "bindings[0].input: expected levels"],
    [{ ...whole, bindings: [{ ...binding, output: "a/{1}" }] }, "bindings[0].output: expected a"],
    [{ ...whole, bindings: Array(localBusLimits.bindingsMax + 1).fill(binding) }, "bindings: "],
    [" ".repeat(localBusLimits.fileBytesMax + 1), "expected at most"],
  ])("is refused: %.90j", async (content, reason) => {
    const beside = { empty: "\n", long: "x".repeat(1_025) };
    const refused = read(content, beside);
    await expect(refused).rejects.toMatchObject({ name: "FormatError" });
    await expect(refused).rejects.toThrow("--local-mqtt");
    await expect(refused).rejects.toThrow(reason);
  });

  test("of the documentation is one", async () => {
    const text = await readFile("docs/local-api.md", "utf8");
    const example = /```json\n([^`]*"bindings"[^`]*)```/.exec(text)?.[1];
    const found = await read(example);
    expect(found?.plan.bindings[0]).toMatchObject({ window: 64, model: "bearing" });
  });

  test("that is not there is named", async () => {
    await expect(readLocalMqtt({ localMqtt: "/nowhere/local.json" })).rejects.toThrow(
      "--local-mqtt: expected a file",
    );
  });
});
