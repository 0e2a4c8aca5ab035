import * as z from "zod";
import { localBusLimits } from "../limits.ts";
import { ModelName, SlotName } from "../units.ts";

const { topicCharactersMax, windowMax, fieldsMax, bindingsMax, labelsMax } = localBusLimits;
const Topic = z.string().min(1).max(topicCharactersMax);
const FilePath = z.string().min(1).max(1_024);
const Qos = z.union([z.literal(0), z.literal(1)]);

/** How the elements of a tensor are written in a message of an input topic. */
export const LocalPayload = z.discriminatedUnion("form", [
  /** A number, or an array of numbers, nested or not. */
  z.strictObject({ form: z.literal("json") }),
  /** A JSON object; each element of the tensor is the number at one path, like `acc.x` or `axes.0`. */
  z.strictObject({
    form: z.literal("fields"),
    fields: z.array(z.string().min(1).max(256)).min(1).max(fieldsMax),
  }),
  /** 32-bit floats, little endian, one after the other. */
  z.strictObject({ form: z.literal("float32") }),
]);
export type LocalPayload = z.infer<typeof LocalPayload>;

/** Input topic → model → output topic. */
export const LocalBinding = z
  .strictObject({
    /** `+` stands for one level, and is captured. */
    input: Topic,
    /** `{1}` is what the first `+` captured. */
    output: Topic,
    /** Where a message goes that could not be answered, as `{error, code}`; nowhere when absent. */
    errors: Topic.optional(),
    /** Whichever release is active in this slot … */
    slot: SlotName.optional(),
    /** … or the slot where this model is active. Slot `main` when neither is given. */
    model: ModelName.optional(),
    /** The input of the model; its only one when absent. */
    tensor: z.string().min(1).max(256).optional(),
    /** Shape of the tensor; taken from the model when absent. */
    shape: z.array(z.int().min(0)).max(16).optional(),
    payload: LocalPayload,
    /** The last so many messages together are one input; each topic for itself. */
    window: z.int().min(2).max(windowMax).optional(),
    /** Ask the model at every so many messages, once the window is full; at each when absent. */
    every: z.int().min(1).max(windowMax).optional(),
    /** The output whose largest element is named in the answer. */
    argmax: z.string().min(1).max(256).optional(),
    /** Names of the elements of that output. */
    labels: z.array(z.string().max(256)).min(1).max(labelsMax).optional(),
    qos: Qos.optional(),
    timeoutMs: z.int().min(1).max(60_000).optional(),
  })
  .refine(({ slot, model }) => slot === undefined || model === undefined, {
    error: "expected either slot or model, got both",
    path: ["model"],
  })
  .refine(({ labels, argmax }) => labels === undefined || argmax !== undefined, {
    error: "expected argmax, the output that the labels belong to",
    path: ["labels"],
  });
export type LocalBinding = z.infer<typeof LocalBinding>;

/** The file of `agent start --local-mqtt`: a broker on this device or beside it, and what is bound to its topics. */
export const LocalMqttFile = z
  .strictObject({
    url: z
      .string()
      .max(512)
      .regex(/^mqtts?:\/\/[^/?#@\s]+\/?$/, "expected mqtt://host:port or mqtts://host:port"),
    /** MQTT 5 where the broker has it, else 3.1.1, when absent. */
    version: z.enum(["3.1.1", "5"]).optional(),
    /** `modelfleet-` and the device's id when absent. */
    clientId: z.string().min(1).max(128).optional(),
    username: z.string().max(256).optional(),
    /** The password is its first line. Paths are relative to this file. */
    passwordFile: FilePath.optional(),
    tls: z
      .strictObject({
        ca: FilePath.optional(),
        cert: FilePath.optional(),
        key: FilePath.optional(),
      })
      .optional(),
    /** Answers `{prefix}/{model}/req`; no requests are taken when absent. */
    requests: z.strictObject({ prefix: Topic.default("infer"), qos: Qos.optional() }).optional(),
    bindings: z.array(LocalBinding).max(bindingsMax).default([]),
  })
  .refine(({ tls }) => (tls?.cert === undefined) === (tls?.key === undefined), {
    error: "expected cert and key together, got one",
    path: ["tls"],
  })
  .refine(({ tls, url }) => tls === undefined || url.startsWith("mqtts://"), {
    error: "expected mqtts:// in the url, as there is no TLS without it",
    path: ["tls"],
  })
  .refine(({ passwordFile, username }) => passwordFile === undefined || username !== undefined, {
    error: "expected a username with the password",
    path: ["passwordFile"],
  })
  .refine(({ requests, bindings }) => requests !== undefined || bindings.length > 0, {
    error: "expected requests or at least one binding",
    path: ["bindings"],
  });
export type LocalMqttFile = z.infer<typeof LocalMqttFile>;
