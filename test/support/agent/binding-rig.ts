import { LocalMqttFile, SlotName } from "@modelfleet/protocol";
import { systemClock } from "../../../agent/src/adapters/clock/system-clock.ts";
import { LocalBinding } from "../../../agent/src/app/local-binding/local-binding.ts";
import { planBindings } from "../../../agent/src/domain/binding/binding-plan.ts";
import { BusError } from "../../../agent/src/domain/bus-error.ts";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import type { LocalAnswer, LocalBus, LocalMessage } from "../../../agent/src/ports/local-bus.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { settled } from "./manual-clock.ts";

export const main = SlotName.parse("main");

/** What an answer says, as far as it does. */
export interface AnswerText {
  readonly version?: string;
  readonly code?: string;
  readonly outputs?: readonly { readonly name: string; readonly data: readonly number[] }[];
}

export function readAnswer(payload: Uint8Array | string): AnswerText {
  return JSON.parse(Buffer.from(payload).toString("utf8")) as AnswerText;
}

/**
 * What is bound to topics, before a real router, with a broker that is the test.
 *
 * - `say(topic, payload, changes)`: a message arrives; resolves when all that can become of it has.
 * - `answers`: what was published. `line.isUp`: whether the broker takes it. `unanswered`: events of the log.
 */
export function bindingRig(file: object, models = new Router<LoadedModel>({ clock: systemClock })) {
  const parsed = LocalMqttFile.parse({ url: "mqtt://localhost", ...file });
  const answers: LocalAnswer[] = [];
  const unanswered: Readonly<Record<string, unknown>>[] = [];
  const line = { isUp: true };
  let receive: ((message: LocalMessage) => void) | undefined;
  const bus: LocalBus = {
    connected: () => line.isUp,
    run: (_subscriptions, given) => {
      receive = given;
      return Promise.resolve();
    },
    publish: (answer) => {
      if (!line.isUp) return Promise.reject(new BusError("OFFLINE", "no connection"));
      answers.push(answer);
      return Promise.resolve();
    },
  };
  let uptimeMs = 0;
  const note = (event: Readonly<Record<string, unknown>>) => void unanswered.push(event);
  const binding = new LocalBinding({
    ...{ bus, plan: planBindings(parsed), loadable: { models } },
    clock: { monotonicMs: () => uptimeMs },
    log: { info: note, warn: note, error: note },
  });
  void binding.run(new AbortController().signal);
  return {
    ...{ answers, unanswered, line, models },
    activate: (model: LoadedModel, slot = main) => models.activate(slot, model),
    say: async (
      topic: string,
      payload: string | Uint8Array,
      changes: Partial<LocalMessage> = {},
    ) => {
      const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
      receive?.({ topic, payload: bytes, isRetained: false, ...changes });
      await settled();
    },
    texts: () => answers.map(({ payload }) => readAnswer(payload)),
    topics: () => answers.map(({ topic }) => topic),
    status: () => binding.status(),
    pass: (ms: number) => {
      uptimeMs += ms;
    },
  };
}
