import * as z from "zod";
import { Probe } from "./probe.ts";
import { VersionRange } from "./version-range.ts";

/** Name of a firmware target, of its file and of its base: `raspberry-pi-4`. */
export const TargetId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,62}$/, "expected 2–63 characters of a-z, 0-9 and -");

const Mebibytes = z.int().min(0).max(16_777_216);
const Short = z.string().min(1).max(120);

/** `arch` has Node's names (`process.arch`): 32-bit ARM is `arm`. */
export const TargetPlatform = z.strictObject({
  os: z.literal("linux"),
  arch: z.enum(["x64", "arm64", "arm"]),
  libc: z.strictObject({ family: z.enum(["glibc", "musl"]), min: z.string().max(32) }),
  cpu: z
    .strictObject({ core: Short.optional(), lacks: z.array(Short).max(16).optional() })
    .optional(),
});

/** A runtime that a target allows, and in which versions. */
export const TargetRuntime = z.strictObject({
  id: TargetId,
  range: VersionRange.default("*"),
  /** Execution providers that may be asked for; only what a session ran with on the device counts. */
  providers: z.array(Short).min(1).max(16),
});

/** Ceilings and reserves. What is absent has no ceiling but the device itself. */
export const TargetBudgets = z.strictObject({
  /** All models of the device together. */
  ramMiB: Mebibytes.optional(),
  agentReserveMiB: Mebibytes,
  modelStoreMiB: Mebibytes.optional(),
  keepReleases: z.int().min(2).max(16),
  threads: z.int().min(1).max(256).optional(),
  sessions: z.int().min(1).max(64),
  minFreeDiskMiB: Mebibytes,
});

/** What is known to go wrong with a runtime on this board. */
export const KnownIssue = z.strictObject({
  runtime: TargetId,
  range: VersionRange,
  symptom: Short,
  ref: Short,
  /** `refuse`: no release is given to this runtime on this board. `note`: people should know. */
  effect: z.enum(["refuse", "note"]),
});

/** One run of the conformance suite; nothing is listed here that did not happen. */
export const Verification = z.strictObject({
  date: z.iso.date(),
  agent: Short,
  runtime: Short,
  how: z.enum(["native", "emulated", "hardware"]),
  result: Short,
});

const identity = {
  schema: z.literal(1),
  id: TargetId,
  name: Short,
  /** Microcontrollers have a place in the vocabulary and are refused: nothing here runs on them. */
  class: z.enum(["gateway", "industrial-pc", "sbc", "accelerated", "container", "mcu"]),
  /** 1: the whole suite runs natively. 2: emulated. 3: built, not exercised. */
  tier: z.union([z.literal(1), z.literal(2), z.literal(3)]),
};

const inherited = {
  platform: TargetPlatform,
  node: z.strictObject({ vendored: VersionRange, min: z.string().max(32) }),
  runtimes: z.array(TargetRuntime).min(1).max(8),
  budgets: TargetBudgets,
  storage: z.strictObject({
    medium: z.enum(["any", "sd", "emmc", "ssd"]),
    dailyWriteMiB: Mebibytes,
  }),
  network: z.strictObject({ metered: z.boolean(), telemetryKiBPerHour: z.int().min(1) }),
  packaging: z.array(Short).max(8),
  init: z.strictObject({ systemd: z.string().regex(/^>=\d+$/, "expected a form like >=247") }),
};

const own = {
  /** Any one that holds names the board. */
  match: z.array(Probe).max(8).default([]),
  emulation: z.strictObject({ qemu: Short, cpu: Short, sysroot: Short }).optional(),
  knownIssues: z.array(KnownIssue).max(32).default([]),
  verified: z.array(Verification).max(64).default([]),
};

/** A target with everything its bases say. A generic one has no probe of its own: its platform is its probe. */
export const Target = z.strictObject({ ...identity, ...inherited, ...own });
export type Target = z.infer<typeof Target>;

/** `firmware-targets/{bases,targets}/<id>.json`. What `extends` brings need not be said again, in whole or in part. */
export const TargetFile = z.strictObject({
  $schema: z.string().optional(),
  ...identity,
  extends: TargetId.optional(),
  platform: TargetPlatform.partial().optional(),
  node: inherited.node.partial().optional(),
  runtimes: inherited.runtimes.optional(),
  budgets: TargetBudgets.partial().optional(),
  storage: inherited.storage.partial().optional(),
  network: inherited.network.partial().optional(),
  packaging: inherited.packaging.optional(),
  init: inherited.init.optional(),
  ...own,
});
export type TargetFile = z.infer<typeof TargetFile>;
