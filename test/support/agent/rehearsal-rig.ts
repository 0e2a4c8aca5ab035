import { mainSlot } from "@modelfleet/protocol";
import { Rehearsals } from "../../../agent/src/app/rehearsal/rehearsals.ts";
import { InferError } from "../../../agent/src/domain/infer-error.ts";
import { defaultProbation } from "../../../agent/src/domain/install/probation.ts";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { floatTensor } from "./floats.ts";
import { manualClock } from "./manual-clock.ts";

/**
 * A real router and the rehearsals before it, on a clock that the test moves. `ask(x)` sends one live request;
 * `asked` holds what each became and how long it took.
 */
export function rehearsalRig() {
  const clock = manualClock();
  const asked: { readonly x: number; readonly tookMs: number; readonly outcome: string }[] = [];
  let changes = 0;
  const router = new Router<LoadedModel>({
    clock,
    observer: (observation) => rehearsals.observe(observation),
  });
  const rehearsals = new Rehearsals({
    ...{ serving: router, rules: defaultProbation, clock },
    changed: () => {
      changes += 1;
    },
  });

  async function ask(x: number, key?: string): Promise<void> {
    const startMs = clock.monotonicMs();
    const inputs = [floatTensor("x", [1, 1], [x])];
    const request = { slot: mainSlot, inputs, timeoutMs: 60_000, ...(key && { key }) };
    const outcome = await router.infer(request).then(
      ({ model }) => model.staged.document.version,
      (error: unknown) => (error instanceof InferError ? error.code : "a defect"),
    );
    asked.push({ x, tookMs: clock.monotonicMs() - startMs, outcome });
  }

  return {
    clock,
    router,
    asked,
    ask,
    changes: () => changes,
    begin: (model: LoadedModel) => {
      const rehearsal = rehearsals.begin(mainSlot, model);
      if (rehearsal === null) throw new TypeError("expected a rehearsal");
      return rehearsal;
    },
    beginNone: (model: LoadedModel) => rehearsals.begin(mainSlot, model),
  };
}
