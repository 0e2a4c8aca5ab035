import * as z from "zod";
import { documentLimits } from "../limits.ts";
import { Counter, FleetId, Sha256, Timestamp } from "../units.ts";

/** Lowercase hex SHA-256 of the raw public key; a hint that is recomputed wherever it matters. */
export const KeyId = Sha256;
export type KeyId = z.infer<typeof KeyId>;

const keyids = z.array(KeyId).min(1).max(documentLimits.keysPerRootMax);
const threshold = z.int().min(1).max(documentLimits.keysPerRootMax);

/** Keys of a role, each once, and how many of them must have signed. */
export const RoleRule = z.object({ keyids, threshold });
export type RoleRule = z.infer<typeof RoleRule>;

/** A model name, a prefix like `vision.*`, or `*` for every model. */
export const ModelPattern = z
  .string()
  .max(66)
  .regex(/^(\*|[a-z0-9][a-z0-9.-]*(\.\*)?)$/, "expected a model name, prefix.* or *");
export type ModelPattern = z.infer<typeof ModelPattern>;

/** One ordered release rule: `models` are names or prefixes like `vision.*`; `*` is every model. */
export const ReleaseRule = RoleRule.extend({
  name: z.string().min(1).max(64),
  models: z.array(ModelPattern).min(1).max(64),
});
export type ReleaseRule = z.infer<typeof ReleaseRule>;

/** Payload of a `root` document: who may sign what (trust.md 3, protocol.md 1.3). */
export const RootDocument = z.object({
  type: z.literal("root"),
  spec: z.literal(1),
  fleet: FleetId,
  version: Counter.min(1),
  issuedAt: Timestamp,
  expires: Timestamp,
  keys: z.record(KeyId, z.object({ alg: z.literal("ed25519"), public: z.base64().length(44) })),
  roles: z.object({
    root: RoleRule,
    release: z.array(ReleaseRule).min(1).max(documentLimits.releaseRulesMax),
    online: RoleRule,
  }),
  revokedReleases: z.array(Sha256).max(128),
});
export type RootDocument = z.infer<typeof RootDocument>;
