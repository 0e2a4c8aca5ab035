import type { RequestCounts } from "./request-tally.ts";
import type { SwapCounts } from "./swap-tally.ts";

/** One figure with its labels, all of them texts that the contract bounds. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Figures of one name. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly labelNames: readonly string[];
  readonly samples: readonly Sample[];
}

/** A process that holds a release. */
export interface HeldProcess {
  readonly slot: string;
  readonly model: string;
  readonly version: string;
  /** Undefined where the system does not tell, or it is gone. */
  readonly memoryBytes: number | undefined;
}

/** How requests waited and ran in a slot, as the router counts them. */
export interface SlotLoad {
  readonly slot: string;
  readonly waiting: number;
  /** Of the requests that runners were asked; one each where there are no batches. */
  readonly rows: number;
  readonly executions: number;
  readonly queueMs: number;
  readonly runMs: number;
}

/** Figures as monitoring reads them. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

export interface MetricFacts {
  readonly requests: readonly RequestCounts[];
  readonly swaps: readonly SwapCounts[];
  readonly loads: readonly SlotLoad[];
  readonly processes: readonly HeldProcess[];
  /** Whether a slot keeps the release before it ready for the way back. */
  readonly standbys: readonly { readonly slot: string; readonly isHeld: boolean }[];
  /** Share of compared answers that agreed, of releases that are, or were last, rehearsed. */
  readonly agreements: readonly {
    readonly slot: string;
    readonly model: string;
    readonly version: string;
    readonly share: number;
  }[];
}

const release = ["slot", "model", "version"] as const;
const slot = ["slot"] as const;
const MICROSECONDS = 1_000;

/** Every figure of `GET /metrics`, cut as Triton cuts its own: requests, inferences and executions apart. */
export function metricsOf(facts: MetricFacts): readonly Metric[] {
  return [
    ...requestMetrics(facts),
    ...loadMetrics(facts),
    ...swapMetrics(facts),
    ...heldMetrics(facts),
  ];
}

function requestMetrics({ requests }: MetricFacts): readonly Metric[] {
  const withReason = [...release, "reason"] as const;
  return [
    {
      ...counter("request_success_total", "Requests that were answered."),
      ...each(release, requests, ({ succeeded }) => succeeded),
    },
    {
      ...counter("request_failure_total", "Requests that failed, by code."),
      labelNames: withReason,
      samples: requests.flatMap(({ slot, model, version, failed }) =>
        [...failed].map(([reason, value]) => ({ labels: { slot, model, version, reason }, value })),
      ),
    },
    {
      ...counter("request_duration_us_total", "From admission to the answer, summed."),
      ...each(release, requests, ({ answeredMs }) => answeredMs * MICROSECONDS),
    },
  ];
}

function loadMetrics({ loads }: MetricFacts): readonly Metric[] {
  return [
    {
      ...counter("inference_count", "Rows given to runners; a request without batches is one."),
      ...each(slot, loads, ({ rows }) => rows),
    },
    {
      ...counter("execution_count", "Times a runner was asked; a batch is one."),
      ...each(slot, loads, ({ executions }) => executions),
    },
    {
      ...counter("queue_duration_us_total", "Time requests waited for a runner, summed."),
      ...each(slot, loads, ({ queueMs }) => queueMs * MICROSECONDS),
    },
    {
      ...counter("compute_duration_us_total", "Time runners worked, summed over executions."),
      ...each(slot, loads, ({ runMs }) => runMs * MICROSECONDS),
    },
    {
      ...gauge("queue_waiting", "Requests that wait for a runner now."),
      ...each(slot, loads, ({ waiting }) => waiting),
    },
  ];
}

function swapMetrics({ swaps }: MetricFacts): readonly Metric[] {
  return [
    {
      ...counter("swap_total", "Steps that ended a swap, by result."),
      labelNames: ["slot", "result"],
      samples: swaps.flatMap(({ slot, results }) =>
        [...results].map(([result, value]) => ({ labels: { slot, result }, value })),
      ),
    },
    {
      ...gauge("swap_prepare_ms", "Load and proof of the last release that was proven."),
      ...each(slot, swaps, ({ prepareMs }) => prepareMs),
    },
    {
      ...gauge("swap_max_wait_ms", "Longest request while the last swap drained."),
      ...each(slot, swaps, ({ waitMsMax }) => waitMsMax),
    },
    {
      ...counter("runner_restarts_total", "Restarts of the runner of the serving release."),
      ...each(slot, swaps, ({ restarts }) => restarts),
    },
  ];
}

function heldMetrics({ processes, standbys, agreements }: MetricFacts): readonly Metric[] {
  return [
    {
      ...gauge("runner_pss_bytes", "Memory of the process that holds a release."),
      ...each(release, processes, ({ memoryBytes }) => memoryBytes),
    },
    {
      ...gauge("standby", "1 while the release before is kept ready."),
      ...each(slot, standbys, ({ isHeld }) => (isHeld ? 1 : 0)),
    },
    {
      ...gauge("shadow_agreement", "Share of compared answers that agreed."),
      ...each(release, agreements, ({ share }) => share),
    },
  ];
}

function counter(name: string, help: string): Pick<Metric, "name" | "help" | "kind"> {
  return { name: `modelfleet_${name}`, help, kind: "counter" };
}

function gauge(name: string, help: string): Pick<Metric, "name" | "help" | "kind"> {
  return { name: `modelfleet_${name}`, help, kind: "gauge" };
}

/** One sample of each that has a value. */
function each<Name extends string, Fact extends Readonly<Record<Name, string>>>(
  labelNames: readonly Name[],
  facts: readonly Fact[],
  read: (fact: Fact) => number | undefined,
): Pick<Metric, "labelNames" | "samples"> {
  const samples = facts.flatMap((fact) => {
    const value = read(fact);
    const labels = Object.fromEntries(labelNames.map((name) => [name, fact[name]]));
    return value === undefined ? [] : [{ labels, value }];
  });
  return { labelNames, samples };
}
