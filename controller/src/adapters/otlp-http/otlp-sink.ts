import { exportLimits } from "@modelfleet/protocol";
import type { ExportOutcome } from "../../domain/export/export-outcome.ts";
import type { MetricsSink } from "../../ports/metrics-sink.ts";

/** Answers that OTLP/HTTP has tried again; every other failure is final. */
const passing = new Set([429, 502, 503, 504]);

/** OTLP over HTTP with JSON bodies. @param endpoint of metrics, like `http://collector:4318/v1/metrics` */
export function otlpSink(endpoint: string): MetricsSink {
  return {
    send: async (request, signal) => {
      const timeout = AbortSignal.timeout(exportLimits.requestMsMax);
      try {
        return await post(endpoint, request, AbortSignal.any([signal, timeout]));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { kind: "busy", reason, retryAfterMs: null };
      }
    },
  };
}

async function post(
  endpoint: string,
  request: object,
  signal: AbortSignal,
): Promise<ExportOutcome> {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
    // Whoever the operator has named gets the figures, and nobody else.
    redirect: "manual",
    signal,
  });
  await answer.body?.cancel();
  if (answer.ok) return { kind: "taken" };
  const reason = `expected ${new URL(endpoint).host} to answer 2xx, got ${answer.status}`;
  if (!passing.has(answer.status)) return { kind: "refused", reason };
  return { kind: "busy", reason, retryAfterMs: secondsIn(answer.headers.get("retry-after")) };
}

function secondsIn(text: string | null): number | null {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : null;
}
