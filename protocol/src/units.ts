import * as z from "zod";

/** Lowercase hex SHA-256, 64 characters. */
export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "expected 64 lowercase hex characters")
  .brand("Sha256");
export type Sha256 = z.infer<typeof Sha256>;

/** Identity of a device: client id, user name and topic level. The rule keeps `+ # / $ %` and NUL out of every topic (mqtt.md 2). */
export const DeviceId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{2,62}$/, "expected 3–63 characters of a-z, 0-9 and -")
  // protocol.md 2.8: the user name of whoever enrols; a broker's rules by user name would take one for the other.
  .refine((id) => id !== "enrol", "expected another name: enrol is reserved")
  .brand("DeviceId");
export type DeviceId = z.infer<typeof DeviceId>;

/** A named purpose, like `vision.defects`; lowercase words joined by dots, ≤ 64 characters. */
export const ModelName = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*$/, "expected lowercase words joined by dots")
  .brand("ModelName");
export type ModelName = z.infer<typeof ModelName>;

/** Semantic version of a release, `1.2.3` with an optional pre-release. */
export const ReleaseVersion = z
  .string()
  .max(64)
  .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, "expected a version like 1.2.3")
  .brand("ReleaseVersion");
export type ReleaseVersion = z.infer<typeof ReleaseVersion>;

/** Where a device runs a model; a device with one model uses `main`. */
export const SlotName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, "expected 1–32 characters of a-z, 0-9 and -")
  .brand("SlotName");
export type SlotName = z.infer<typeof SlotName>;

/** Hardware and role class of a device, like `cam-v2`. */
export const DeviceClass = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, "expected 1–63 characters of a-z, 0-9, . and -");
export type DeviceClass = z.infer<typeof DeviceClass>;

/** Identity of a fleet, fixed in its first root. */
export const FleetId = z.uuid().brand("FleetId");
export type FleetId = z.infer<typeof FleetId>;

/**
 * Path of a file inside a release: at most four levels, no dot files, no way out (cases.md F39).
 * On disk only digests are names; the path is a label.
 */
export const ReleasePath = z
  .string()
  .max(260)
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}){0,3}$/,
    "expected a relative path of at most four plain names",
  )
  .refine(
    (path) => !path.split("/").some((name) => name.endsWith(".")),
    "no name may end with a dot",
  )
  .refine(
    (path) =>
      !path.split("/").some((name) => /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(name)),
    "no name may be that of a device on Windows, like CON or nul.onnx",
  )
  .brand("ReleasePath");
export type ReleasePath = z.infer<typeof ReleasePath>;

/** A counter on the wire: an integer that survives JSON, 0 … 2^53 − 1. */
export const Counter = z.int().min(0);
/** Milliseconds since 1970-01-01T00:00:00Z. */
export const UnixMs = z.int().min(0);

/** `YYYY-MM-DDTHH:MM:SSZ`, a real moment. */
export const Timestamp = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, "expected YYYY-MM-DDTHH:MM:SSZ")
  .refine(isRealMoment, "expected a real moment");

/** `Date.parse` takes a 30th of February for the 2nd of March, and an hour 24 for the next day. */
function isRealMoment(text: string): boolean {
  return new Date(Date.parse(text)).getUTCDate() === Number(text.slice(8, 10));
}

/** The wire form of a moment; fractions of a second are cut off. Not a moment → the empty string. */
export function formatTimestamp(atMs: number): string {
  return Number.isFinite(atMs) ? `${new Date(atMs).toISOString().slice(0, -".000Z".length)}Z` : "";
}

/** Labels of a device, for selection: `site=plant-a`. */
export const Labels = z.record(
  z.string().regex(/^[a-z][a-z0-9.-]{0,31}$/, "expected a label key of a-z, 0-9, . and -"),
  z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,63}$/, "expected a label value of letters, digits, _ . and -"),
);
export type Labels = z.infer<typeof Labels>;

/** The slot of a device that runs one model. */
export const mainSlot = SlotName.parse("main");
