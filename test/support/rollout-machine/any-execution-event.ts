/** Whatever can happen to an execution, also what never would; sequences are told from the one it has. */
import { ReportStep, type Sha256 } from "@modelfleet/protocol";
import fc from "fast-check";
import type {
  Execution,
  ExecutionEvent,
} from "../../../controller/src/domain/rollout/execution.ts";
import { item, ours, report, slot, theirs } from "./execution-facts.ts";

/** How far a sequence is from that of the newest order. */
type Offset = -1 | 0 | 1;

export interface AnyEvent {
  readonly event: ExecutionEvent;
  readonly offset: Offset;
}

const anyBoolean = fc.boolean();
const codes = ["GOLDEN_MISMATCH", "LOAD_TIMEOUT", "DOWNLOAD_FAILED", "ROLLED_BACK"] as const;
/** A person at the device said no. */
const denied = item("refused", { code: "CONSENT_DENIED" });
const anyStep = fc
  .record({
    step: fc.constantFrom(...ReportStep.options, "refused", "refused"),
    release: fc.constantFrom(ours, ours, ours, theirs),
    code: fc.constantFrom(...codes),
    detail: fc.constantFrom("its own fault", "got HTTP status 503"),
  })
  .map(({ step, release, code, detail }) => {
    const isEnd = step === "refused" || step === "rolled-back";
    return item(step, isEnd ? { release, code, detail } : { release });
  });
const anyItem = fc.oneof(
  { weight: 30, arbitrary: anyStep },
  { weight: 1, arbitrary: fc.constant(denied) },
);
const anySlot = fc.record({
  active: fc.constantFrom<(Sha256 | null)[]>(ours, theirs, theirs, theirs, null),
  trial: fc.constantFrom<(Sha256 | null)[]>(null, null, null, ours),
  refused: fc.option(
    fc.record({ code: fc.constantFrom(...codes), detail: fc.constant("it said so") }),
    { nil: undefined, freq: 3 },
  ),
});
const anyReport = fc
  .tuple(fc.array(anyItem, { maxLength: 3 }), fc.option(anySlot, { nil: undefined, freq: 9 }))
  .map(([items, given]): ExecutionEvent => {
    if (given === undefined) return { ...report(0, items), slot: undefined };
    const { refused, ...rest } = given;
    return report(0, items, slot(refused === undefined ? rest : { ...rest, refused }));
  });

const anyEvent: fc.Arbitrary<ExecutionEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<ExecutionEvent>({ kind: "offer", seq: 0 }) },
  { weight: 8, arbitrary: anyReport },
  {
    weight: 4,
    arbitrary: anyBoolean.map((isOnline): ExecutionEvent => ({ kind: "tick", isOnline })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("deadline" as const),
      isOnline: anyBoolean,
      stragglers: fc.constantFrom("defer" as const, "fail" as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant<ExecutionEvent>({ kind: "retry" }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<ExecutionEvent[]>(
      { kind: "revert", seq: 0 },
      { kind: "revert", seq: 0 },
      { kind: "revert", seq: null },
      { kind: "cancel", code: "EXCLUDED", detail: null },
      { kind: "remove", code: "NOT_SELECTED" },
      { kind: "skip", code: "PINNED", detail: null },
    ),
  },
);

export const anyExecutionEvent: fc.Arbitrary<AnyEvent> = fc.record({
  event: anyEvent,
  offset: fc.constantFrom<Offset[]>(0, 0, 0, 0, 1, 1, 1, -1),
});

/** The event, with a sequence that is told from the execution's own. */
export function eventFor({ seq }: Execution, { event, offset }: AnyEvent): ExecutionEvent {
  const near = Math.max(0, (seq ?? 0) + offset);
  if (event.kind === "report") return { ...event, reportedSeq: near };
  if (event.kind === "offer") return { ...event, seq: near };
  if (event.kind === "revert" && event.seq !== null) return { ...event, seq: near };
  return event;
}
