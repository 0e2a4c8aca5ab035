import { createHmac } from "node:crypto";
import { FormatError } from "../errors.ts";
import { documentLimits } from "../limits.ts";
import { FleetId, Sha256 } from "../units.ts";

/** What a new device is told once, by a person or a factory (protocol.md 7). */
export interface Enrolment {
  /** Origin of the REST API, http or https. */
  readonly controllerUrl: string;
  /** MQTT broker, mqtt or mqtts. */
  readonly brokerUrl: string;
  readonly fleet: FleetId;
  /** Payload digest of the root to trust first. */
  readonly rootSha256: Sha256;
  readonly claimId: string;
  /** Never sent anywhere; see `claimMac`. */
  readonly claimSecret: string;
}

const SCHEME = "mf1";
const FORM = "mf1:<controller url>:<broker url>:<fleet>:<root sha256>:<claim id>.<claim secret>";
const CLAIM_ID = /^[a-z0-9]{8,32}$/;
/** Scheme, host and port as they are read, with nothing a parser of URLs would drop, turn or add. */
const ORIGIN = /^[a-z]+:\/\/[^\s\p{C}/?#@\\]+\/?$/u;
const CLAIM_SECRET = /^[A-Za-z0-9_-]{22,128}$/;

/** The enrolment string, in one line without spaces. @throws FormatError naming the field */
export function formatEnrolment(enrolment: Enrolment): string {
  const { controllerUrl, brokerUrl, fleet, rootSha256, claimId, claimSecret } = enrolment;
  const urls = [controllerUrl, brokerUrl].map((url) => encodeURIComponent(url));
  const text = [SCHEME, ...urls, fleet, rootSha256, `${claimId}.${claimSecret}`].join(":");
  parseEnrolment(text);
  return text;
}

/** @throws FormatError naming the field; the message never holds the secret */
export function parseEnrolment(text: string): Enrolment {
  // protocol.md 7.1: bounded before it is taken apart.
  if (text.length > documentLimits.enrolmentBytesMax) {
    throw new FormatError(
      "SIZE",
      `enrolment: expected ≤ ${documentLimits.enrolmentBytesMax} bytes`,
    );
  }
  const [scheme, controller, broker, fleet, root, claim, ...rest] = text.split(":");
  if (scheme !== SCHEME || claim === undefined || rest.length > 0) {
    throw new FormatError("FORMAT", `enrolment: expected ${FORM}`);
  }
  const [claimId = "", claimSecret = "", ...more] = claim.split(".");
  return {
    controllerUrl: parseUrl("controller url", controller, ["http:", "https:"]),
    brokerUrl: parseUrl("broker url", broker, ["mqtt:", "mqtts:"]),
    fleet: parseField("fleet", fleet, (value) => FleetId.safeParse(value).data),
    rootSha256: parseField("root sha256", root, (value) => Sha256.safeParse(value).data),
    claimId: parseField("claim id", claimId, (value) => matching(CLAIM_ID, value)),
    claimSecret: parseField("claim secret", more.length === 0 ? claimSecret : undefined, (value) =>
      matching(CLAIM_SECRET, value),
    ),
  };
}

/** HMAC-SHA-256 of an enrol message's payload under the claim's secret; 32 bytes. */
export function claimMac(secret: string, payload: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", secret).update(payload).digest());
}

function parseField<T>(
  field: string,
  text: string | undefined,
  parse: (text: string) => T | undefined,
): T {
  const value = text === undefined ? undefined : parse(text);
  if (value !== undefined) return value;
  throw new FormatError("FORMAT", `enrolment, ${field}: not as in ${FORM}`);
}

function matching(form: RegExp, value: string): string | undefined {
  return form.test(value) ? value : undefined;
}

function parseUrl(field: string, text: string | undefined, protocols: readonly string[]): string {
  return parseField(`${field} (${protocols.join(" or ")})`, text, (encoded) => {
    const url = decodeUrl(encoded);
    if (url === undefined || !protocols.includes(url.parsed.protocol)) return undefined;
    // protocol.md 7.1: a URL is an origin, with nothing that would be dropped, or shown, by mistake.
    return url.parsed.hostname !== "" && ORIGIN.test(url.text) ? url.text : undefined;
  });
}

function decodeUrl(encoded: string): { text: string; parsed: URL } | undefined {
  try {
    const text = decodeURIComponent(encoded);
    // protocol.md 7.1: one spelling only.
    return encodeURIComponent(text) === encoded ? { text, parsed: new URL(text) } : undefined;
  } catch {
    return undefined; // Neither percent-encoding nor a URL: the caller names the field.
  }
}
