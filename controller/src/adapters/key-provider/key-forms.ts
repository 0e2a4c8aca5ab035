import { decodeBase64, keyLimits, Timestamp } from "@modelfleet/protocol";
import { z } from "zod";

const { nameLengthMax, commandWordsMax, scryptCost } = keyLimits;

export const KeyName = z
  .string()
  .max(nameLengthMax)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "expected a name of letters, digits, . _ and -");

/** Base64 in its one right form: whoever has read the file may decode it without asking again. */
function base64Of(bytes: number) {
  return z
    .string()
    .refine((text) => decodeBase64(text)?.length === bytes, `expected ${bytes} bytes in base64`);
}

/** Raw Ed25519 public key. */
const PublicKey = base64Of(32);

/** What stands in front of the sealed seed, in this order; all of it is bound to the seed as additional data. */
export const SealedHeader = z.strictObject({
  format: z.literal("modelfleet-key-1"),
  name: KeyName,
  publicKey: PublicKey,
  createdAt: Timestamp,
  /** Fixed by the format, so that no file chooses how much memory its reader takes. */
  kdf: z.strictObject({
    name: z.literal("scrypt"),
    N: z.literal(scryptCost),
    r: z.literal(8),
    p: z.literal(1),
    salt: base64Of(16),
  }),
  cipher: z.strictObject({ name: z.literal("aes-256-gcm"), nonce: base64Of(12) }),
});
export type SealedHeader = z.infer<typeof SealedHeader>;

/** A seed under a passphrase; `sealed` is ciphertext and tag. */
export const SealedKey = SealedHeader.extend({ sealed: base64Of(48) });
export type SealedKey = z.infer<typeof SealedKey>;

/** No program can be given a NUL. */
const CommandWord = z
  .string()
  .min(1)
  .max(1_024)
  .regex(/^[^\0]*$/, "expected no NUL character");

/** A key that only a program can use: a security module, a card, a key service. */
export const CommandKey = z.strictObject({
  format: z.literal("modelfleet-key-command-1"),
  name: KeyName,
  publicKey: PublicKey,
  /** Program and arguments; no shell reads them. */
  command: z.array(CommandWord).min(1).max(commandWordsMax),
  /** Names of variables it gets beside PATH. */
  environment: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "expected the name of a variable"))
    .max(16)
    .default([]),
});
export type CommandKey = z.infer<typeof CommandKey>;

/** The public half, to be given to whoever makes the root. */
export const PublicKeyFile = z.strictObject({
  format: z.literal("modelfleet-public-key-1"),
  name: KeyName,
  publicKey: PublicKey,
});
export type PublicKeyFile = z.infer<typeof PublicKeyFile>;

export const KeyFile = z.discriminatedUnion("format", [SealedKey, CommandKey, PublicKeyFile]);
export type KeyFile = z.infer<typeof KeyFile>;
