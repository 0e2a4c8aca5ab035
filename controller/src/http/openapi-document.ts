import { createApp } from "./create-app.ts";
import { describeApi } from "./describe-api.ts";
import { unwiredUseCases } from "./unwired-use-cases.ts";

/** The OpenAPI document of this controller, without a database, a broker or a port. */
export async function openApiDocument(): Promise<object> {
  const app = await createApp({
    services: {
      useCases: unwiredUseCases(),
      health: { database: () => Promise.resolve(), broker: () => Promise.resolve() },
      readRoot: () => undefined,
      local: { isDev: false },
      tally: { count: () => undefined },
      nowMs: () => 0,
    },
    onDefect: (error) => {
      throw error;
    },
  });
  const document = describeApi(app);
  await app.close();
  return document;
}
