import type { DriftVerdict } from "@modelfleet/protocol";
import type { Signal } from "../../domain/drift/signal.ts";
import type { DistributionVerdict, Verdict } from "../../domain/drift/verdict.ts";
import { total } from "../../domain/telemetry/total.ts";

/** A verdict as people and programs read it: counts as shares, with the names of their bins. */
export function verdictView(verdict: Verdict, signals: readonly Signal[]): DriftVerdict {
  switch (verdict.kind) {
    case "distribution":
      return distributionView(verdict, signals);
    case "quality": {
      const { kind, finding } = verdict;
      return { kind, ...judgedView(verdict), finding };
    }
    case "rate": {
      const { kind, value, limit } = verdict;
      return { kind, ...judgedView(verdict), value, limit };
    }
  }
}

function distributionView(
  verdict: DistributionVerdict,
  signals: readonly Signal[],
): Extract<DriftVerdict, { kind: "distribution" }> {
  const { kind, psi, gate, pValue, isDiscovery, threshold, basis, slot } = verdict;
  const signal = signals.find(({ id }) => id === verdict.signal);
  return {
    ...{ kind, ...judgedView(verdict), psi, gate, pValue, isDiscovery, threshold, basis, slot },
    bins: [...(signal?.labels ?? [])],
    edges: [...(signal?.edges ?? [])],
    reference: shares(verdict.reference),
    current: shares(verdict.current),
  };
}

function judgedView({ cohort, signal, status, cellStartMs, ...rest }: Verdict) {
  const { fromMs, untilMs, items, level } = rest;
  return { cohort, signal, status, cellStartMs, fromMs, untilMs, items, level };
}

/** Add up to 1; all 0 when there is nothing to share. */
function shares(counts: readonly number[]): number[] {
  const sum = total(counts);
  return counts.map((count) => (sum > 0 ? count / sum : 0));
}
