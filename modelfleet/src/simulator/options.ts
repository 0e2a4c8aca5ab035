import { RefusalCode, rolloutLimits } from "@modelfleet/protocol";
import { SimulatorError } from "./simulator-error.ts";

/** As they were typed. */
export interface SimulatorFlags {
  readonly devices: string;
  readonly plan?: string;
  readonly seed: string;
  readonly transport: string;
  readonly loss: string;
  readonly reorder: string;
  readonly duplicate: string;
  readonly crash: string;
  readonly skew: string;
  readonly offline: string;
  readonly away?: string;
  readonly fail: string;
  readonly failCode: string;
  readonly slow: string;
  readonly step?: string;
  readonly json?: boolean;
}

export interface SimulatorOptions {
  readonly devices: number;
  /** Path; undefined: 1 %, 10 %, 100 %. */
  readonly planFile: string | undefined;
  readonly seed: string;
  readonly transport: "bus" | "mqtt";
  /** Of a message, either way. */
  readonly loss: number;
  readonly reorder: number;
  readonly duplicate: number;
  /** Of a device, in each step of an installation. */
  readonly crash: number;
  /** A device's clock is wrong by up to so much, either way. */
  readonly skewMs: number;
  /** Share of devices that are away when the rollout begins; they return evenly over `awayMs`. */
  readonly offline: number;
  readonly awayMs: number;
  /** Share of devices that refuse the release, and with what. */
  readonly fail: number;
  readonly failCode: RefusalCode;
  /** Share of devices that take ten times as long. */
  readonly slow: number;
  /** About so long takes a step of an installation. */
  readonly stepMs: number;
}

/** A bus has its own time; with sockets time is real, so there everything is quick. */
const paces = {
  bus: { awayMs: 1_800_000, stepMs: 10_000 },
  mqtt: { awayMs: 20_000, stepMs: 500 },
} as const;

/** @throws SimulatorError OPTION naming the flag and what was expected */
export function parseOptions(flags: SimulatorFlags): SimulatorOptions {
  const transport = transportOf(flags.transport);
  const failCode = RefusalCode.safeParse(flags.failCode);
  if (!failCode.success) {
    const codes = RefusalCode.options.join(", ");
    throw new SimulatorError("OPTION", `--fail-code: expected one of ${codes}`);
  }
  const pace = paces[transport];
  const options = {
    devices: whole("--devices", flags.devices, [1, rolloutLimits.devicesMax]),
    planFile: flags.plan,
    seed: flags.seed,
    transport,
    loss: share("--loss", flags.loss),
    reorder: share("--reorder", flags.reorder),
    duplicate: share("--duplicate", flags.duplicate),
    crash: share("--crash", flags.crash),
    skewMs: whole("--skew", flags.skew, [0, SKEW_MS_MAX]),
    offline: share("--offline", flags.offline),
    awayMs: whole("--away", flags.away ?? String(pace.awayMs), [0, AWAY_MS_MAX]),
    fail: share("--fail", flags.fail),
    failCode: failCode.data,
    slow: share("--slow", flags.slow),
    stepMs: whole("--step", flags.step ?? String(pace.stepMs), [1, AWAY_MS_MAX]),
  };
  refuseBusFaults(options);
  return options;
}

function transportOf(text: string): SimulatorOptions["transport"] {
  if (text === "bus" || text === "mqtt") return text;
  throw new SimulatorError("OPTION", `--transport: expected bus or mqtt, got ${text}`);
}

const AWAY_MS_MAX = 7 * 24 * 3_600_000;
const SKEW_MS_MAX = 3_600_000;

/** A socket loses nothing, and keeps the order. */
function refuseBusFaults({ transport, loss, reorder, duplicate }: SimulatorOptions): void {
  if (transport === "bus" || loss + reorder + duplicate === 0) return;
  const expected = "expected --loss, --reorder and --duplicate with --transport bus only";
  throw new SimulatorError("OPTION", `${expected}: a socket loses nothing, and keeps the order`);
}

function share(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new SimulatorError("OPTION", `${flag}: expected a share from 0 to 1, got ${text}`);
}

function whole(flag: string, text: string, [min, max]: readonly [number, number]): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new SimulatorError(
    "OPTION",
    `${flag}: expected a number from ${min} to ${max}, got ${text}`,
  );
}
