import type { AuditEvent, ReportItem, RolloutStage } from "@modelfleet/protocol";
import type { Stores } from "../../../controller/src/adapters/sql/open-database.ts";
import { emptyTrace } from "../../../controller/src/domain/audit/audit-trace.ts";
import { auditBreak, followAudit } from "../../../controller/src/domain/audit/follow-audit.ts";
import { pageRecords } from "../../../controller/src/domain/audit/page-records.ts";
import type { StoredExecution } from "../../../controller/src/ports/rollout-store.ts";
import type { BusDevice } from "./bus-device.ts";

type Devices = ReadonlyMap<string, BusDevice>;

const PAGE = 1_000;

/** The whole log is one chain, as it was written. */
export async function brokenChain({ audit }: Stores): Promise<readonly string[]> {
  const proof = { roots: [], known: new Map() };
  let trace = emptyTrace;
  for (let after = 0; ; ) {
    const page = await audit.page(after, PAGE);
    for (const record of pageRecords(page)) trace = followAudit(trace, record, proof);
    if (page.next === null) break;
    after = page.next;
  }
  const broken = auditBreak(trace, proof);
  return broken === undefined ? [] : [`audit: entry ${broken.seq} ${broken.how}: ${broken.detail}`];
}

/** What a device was told is stored, is: each step once, in order. */
export async function lostReports({ fleet }: Stores, devices: Devices): Promise<readonly string[]> {
  const found: string[] = [];
  const items = await fleet.allRecentItems();
  for (const { id, told } of devices.values()) {
    const stored = (items.get(id) ?? []).map(textOf);
    const expected = told.slice(told.length - stored.length).map(textOf);
    const isWhole = stored.length === told.length || stored.length >= KEPT_MIN;
    if (!isWhole || stored.join() !== expected.join()) {
      found.push(`${id} told ${expected.join(" ")}; stored are ${stored.join(" ")}`);
    }
  }
  return found;
}

/** Of each device at least so many are kept. */
const KEPT_MIN = 200;

function textOf({ step, release }: Pick<ReportItem, "step" | "release">): string {
  return `${step}:${release.slice(0, 4)}`;
}

/** Counters of a stage are what a recount gives. */
export function miscounted(
  { stage, funnel }: RolloutStage,
  executions: readonly StoredExecution[],
): readonly string[] {
  const own = executions.filter((one) => one.stage === stage);
  return Object.entries(funnel).flatMap(([state, count]) => {
    const recount = own.filter(({ execution }) => execution.state === state).length;
    return recount === count
      ? []
      : [`stage ${stage} counts ${count} ${state}, there are ${recount}`];
  });
}

interface Told {
  readonly device?: string;
  readonly from: string;
  readonly to: string;
  readonly seq?: number;
}

/**
 * The transitions of a device are one course from `queued` to what is stored. In one attempt no state comes twice, and each
 * attempt has one order.
 */
export function brokenCourse(
  { device, execution }: StoredExecution,
  events: readonly AuditEvent[],
): readonly string[] {
  const told = events
    .filter(({ action }) => action.startsWith("execution."))
    .map(({ detail }) => JSON.parse(detail) as Told)
    .filter((one) => one.device === device);
  const found: string[] = [];
  let state = "queued";
  let seen = new Set<string>();
  for (const { from, to } of told) {
    if (from !== state) found.push(`from ${from} where ${state} was`);
    // Another attempt, or the way back.
    if (to === "queued" || to === "reverting") seen = new Set();
    if (seen.has(to)) found.push(`${to} twice`);
    seen.add(to);
    state = to;
  }
  if (state !== execution.state) found.push(`ends ${state}, stored is ${execution.state}`);
  const orders = told.filter(({ to }) => to === "offered");
  if (orders.length !== execution.attempts) {
    found.push(`${orders.length} orders in ${execution.attempts} attempts`);
  }
  if (new Set(orders.map(({ seq }) => seq)).size !== orders.length)
    found.push("one sequence twice");
  const course = told.map(({ to }) => to).join(" ");
  return found.map((text) => `${device}: ${text} (${course})`);
}

/** No device has ever got an attempt that is not counted. */
export function strangeOrders(
  { device, release, execution: { attempts } }: StoredExecution,
  devices: Devices,
): readonly string[] {
  const heard = devices.get(device)?.orders.filter((order) => order.release === release) ?? [];
  const highest = Math.max(0, ...heard.map(({ attempt }) => attempt));
  return highest > attempts ? [`${device} got attempt ${highest}, ${attempts} are counted`] : [];
}
