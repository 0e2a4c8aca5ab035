import { payloadTypes } from "@modelfleet/protocol";
import type { Random } from "../support/random.ts";
import type { Demand } from "./ledger.ts";
import { pick } from "./prepared.ts";
import type { Entry } from "./sign-somehow.ts";

/** The bytes of an envelope as a sender writes them. */
export function plainEnvelope(demand: Demand, entries: readonly Entry[]): Buffer {
  return Buffer.from(JSON.stringify(plain(demand, entries)));
}

/** The same written or damaged in one way: as bytes, as JSON, or in what the members say. */
export function oddEnvelope(demand: Demand, entries: readonly Entry[], random: Random): Buffer {
  const envelope = plain(demand, entries);
  const level = random.below(3);
  if (level === 0) return damaged(Buffer.from(JSON.stringify(envelope)), random);
  return Buffer.from(level === 1 ? rewritten(envelope, random) : reformed(envelope, random));
}

interface Plain {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

function plain({ type, payload }: Demand, entries: readonly Entry[]): Plain {
  const signatures = entries.map(({ keyid, sig }) => ({ keyid, sig: sig.toString("base64") }));
  return { payloadType: type, payload: Buffer.from(payload).toString("base64"), signatures };
}

/** Bytes turned, put in, taken out, cut off, doubled. */
function damaged(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  const end = at + random.below(40);
  const any = Buffer.from([pick(random, [random.below(256), 0x20, 0x22, 0x2c, 0x5c, 0x7d])]);
  const bit = Buffer.from(bytes);
  bit[at] = (bit[at] ?? 0) ^ (1 << random.below(8));
  return pick(random, [
    bit,
    Buffer.concat([bytes.subarray(0, at), any, bytes.subarray(at)]),
    Buffer.concat([bytes.subarray(0, at), any, bytes.subarray(at + 1)]),
    Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]),
    bytes.subarray(0, at),
    bytes.subarray(at),
    Buffer.concat([bytes, bytes.subarray(at)]),
    Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]),
    Buffer.concat([bytes, Buffer.alloc(random.below(40_000), 0x20)]),
    Buffer.concat([Buffer.from("\uFEFF"), bytes]),
  ]);
}

/** Members added, removed, doubled, of another type; the text written in another way. */
function rewritten(envelope: Plain, random: Random): string {
  const text = JSON.stringify(envelope);
  const key = pick(random, ["payloadType", "payload", "signatures"] as const);
  const odd = pick(random, [null, 7, true, [], {}, "", [[]], [null], [{}], ["x"]]);
  const behind = (member: string) => text.replace(/}$/, () => `,${member}}`);
  return pick(random, [
    JSON.stringify(envelope, null, 2),
    JSON.stringify(Object.fromEntries(random.shuffled(Object.entries(envelope)))),
    text.replace(/"p/, '"\\u0070'),
    text.replaceAll("/", "\\/"),
    JSON.stringify({ ...envelope, "x-any": [{ a: 1e300 }] }),
    JSON.stringify({
      ...envelope,
      signatures: envelope.signatures.map((one) => ({ ...one, "x-any": 1 })),
    }),
    JSON.stringify({ ...envelope, [key]: odd }),
    JSON.stringify({ ...envelope, [key]: undefined }),
    JSON.stringify({ ...envelope, signatures: [...envelope.signatures, odd] }),
    JSON.stringify({ ...envelope, signatures: Object.fromEntries(envelope.signatures.entries()) }),
    JSON.stringify([envelope]),
    behind(`"${key}":${JSON.stringify(envelope[key])}`),
    behind(`"\\u0070ayload":""`),
    behind(`"__proto__":{}`),
    behind(`"x-any":${"[".repeat(15)}${"]".repeat(15)}`),
    behind(`"x-any":${"[".repeat(16)}${"]".repeat(16)}`),
    behind(`"x-any":1e3`),
    behind(`"x-any":1e400`),
    text.replace('"keyid":', () => '"sig":"","keyid":'),
  ]);
}

/** The base64 of payload or signatures in another spelling; another type named. */
function reformed(envelope: Plain, random: Random): string {
  const spell = pick(random, spellings);
  const { payload, signatures } = envelope;
  const changed = pick(random, [
    { payload: spell(payload, random) },
    {
      signatures: signatures.map((one, i) =>
        i === 0 ? { ...one, sig: spell(one.sig, random) } : one,
      ),
    },
    { payloadType: pick(random, Object.values(payloadTypes)) },
    { payloadType: `${envelope.payloadType} ` },
    { payloadType: envelope.payloadType.toUpperCase() },
  ]);
  return JSON.stringify({ ...envelope, ...changed });
}

const spellings: readonly ((text: string, random: Random) => string)[] = [
  (text) => text.replaceAll("+", "-").replaceAll("/", "_"),
  (text) => text.replace("+", "-"),
  (text) => text.replace("/", "_"),
  (text) => text.replace(/=+$/, ""),
  (text) => `${text}=`,
  (text) => `${text}====`,
  (text) => `${text}\n`,
  (text, random) => {
    const at = random.below(text.length + 1);
    return `${text.slice(0, at)}${pick(random, [" ", "!", "\u0000", "\u00e9", "A", "AAAA"])}${text.slice(at)}`;
  },
  (text) =>
    text.replace(/([A-Za-z0-9+/])(=+)$/, (_, last: string, pads: string) => `${next(last)}${pads}`),
  (text) => Buffer.from(text, "base64").toString("hex"),
  (text) => text.slice(4),
  (text) => `${text.slice(0, -4)}AAAA`,
];

/** The next digit: in front of padding it sets spare bits. */
function next(digit: string): string {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return digits.charAt((digits.indexOf(digit) + 1) % 64);
}
