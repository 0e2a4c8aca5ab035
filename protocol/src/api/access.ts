import * as z from "zod";
import { accessLimits } from "../limits.ts";
import { ModelPattern } from "../trust/root-document.ts";
import { Labels, UnixMs } from "../units.ts";

/**
 * What somebody may do. `viewer` reads; `uploader` brings files of a release; `releaser` signs and approves releases;
 * `deployer` claims, enrols and deploys; `admin` all of it, and keys, roots and the audit log.
 */
export const Role = z.enum(["viewer", "uploader", "releaser", "deployer", "admin"]);
export type Role = z.infer<typeof Role>;

/**
 * A role over some models and some devices: both must be covered by the same grant.
 * A field nobody knows is refused: `model` for `models` would otherwise mean every model.
 */
export const Grant = z.strictObject({
  role: Role,
  /** Names, prefixes like `vision.*`, or `*`. */
  models: z.array(ModelPattern).min(1).max(accessLimits.modelsPerGrantMax).default(["*"]),
  /** Devices that carry every one of these labels; none is every device. */
  labels: Labels.default({}),
});
export type Grant = z.infer<typeof Grant>;

/** Every grant of one caller; none is no right at all. */
export const Grants = z.array(Grant).max(accessLimits.grantsMax);
export type Grants = z.infer<typeof Grants>;

/** The public half of an API key, and what its use is written down under. */
export const ApiKeyId = z.string().regex(/^[0-9a-f]{16}$/, "expected 16 lowercase hex characters");
export type ApiKeyId = z.infer<typeof ApiKeyId>;

const ApiKeyName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$/,
    "expected 1–64 letters, digits, spaces and . _ @ -",
  );

/** Body of `POST /v1/api-keys`. */
export const ApiKeyRequest = z.strictObject({
  name: ApiKeyName,
  grants: Grants.min(1),
  lifeMs: z
    .int()
    .min(accessLimits.keyLifeMsMin)
    .max(accessLimits.keyLifeMsMax)
    .default(accessLimits.keyLifeMsDefault),
});
export type ApiKeyRequest = z.infer<typeof ApiKeyRequest>;

/** A key without its secret. */
export const ApiKey = z.object({
  id: ApiKeyId,
  name: ApiKeyName,
  grants: Grants,
  createdAtMs: UnixMs,
  createdBy: z.string(),
  expiresAtMs: UnixMs,
  revokedAtMs: UnixMs.nullable(),
  /** True to the minute. */
  lastUsedAtMs: UnixMs.nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;

/** Answer of `POST /v1/api-keys`; the secret is shown this once. */
export const ApiKeyCreated = z.object({ key: ApiKey, secret: z.string() });
export type ApiKeyCreated = z.infer<typeof ApiKeyCreated>;

/** `GET /v1/api-keys`, newest first. */
export const ApiKeyList = z.object({ keys: z.array(ApiKey) });
export type ApiKeyList = z.infer<typeof ApiKeyList>;

/** Whether a second person is needed, and whether he was there. Names are those of callers: `key:<id>`, `oidc:<subject>`. */
export const Approval = z.discriminatedUnion("state", [
  z.object({ state: z.literal("not-needed") }),
  z.object({ state: z.literal("awaiting-approval"), requestedBy: z.string() }),
  z.object({
    state: z.literal("approved"),
    requestedBy: z.string(),
    approvedBy: z.string(),
    approvedAtMs: UnixMs,
  }),
]);
export type Approval = z.infer<typeof Approval>;
