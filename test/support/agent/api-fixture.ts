import { SlotName } from "@modelfleet/protocol";
import {
  type LocalApi,
  type LocalApiOptions,
  startLocalApi,
} from "../../../agent/src/adapters/local-api/local-api.ts";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { askHttp, type HttpPlace, type HttpQuestion, type HttpReply } from "./ask-http.ts";
import { realClock } from "./runner-fixture.ts";

export type ApiFixture = AsyncDisposable & {
  readonly api: LocalApi;
  readonly place: HttpPlace;
  readonly router: Router<LoadedModel>;
  readonly activate: (model: LoadedModel) => Promise<LoadedModel | undefined>;
  readonly ask: (question: HttpQuestion) => Promise<HttpReply>;
  /** What the API called a defect of ours; a test that expects none looks here. */
  readonly defects: unknown[];
};

const slot = SlotName.parse("main");

/** The local API on a Unix socket of its own, before a real router. */
export async function apiFixture(changes: Partial<LocalApiOptions> = {}): Promise<ApiFixture> {
  const folder = await temporaryFolder();
  const router = new Router<LoadedModel>({ clock: realClock });
  const defects: unknown[] = [];
  const api = await startLocalApi({
    socketPath: folder.inside("agent.sock"),
    models: router,
    status: () => ({ device: "cam-0017" }),
    agentVersion: "0.1.0",
    onDefect: (error) => defects.push(error),
    ...changes,
  });
  const place = { socketPath: api.socketPath };
  return {
    api,
    place,
    router,
    defects,
    activate: (model) => router.activate(slot, model),
    ask: (question) => askHttp(place, question),
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
