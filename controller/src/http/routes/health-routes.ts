import { Controller, Get, Header, Inject } from "@nestjs/common";
import { ApiTags } from "@nestjs/swagger";
import { Public } from "../access/access.ts";
import { HttpError } from "../problems/http-error.ts";
import type { HealthChecks } from "../services.ts";

export const HEALTH_CHECKS = Symbol("HealthChecks");

@Public()
@ApiTags("health")
@Controller("health")
export class HealthRoutes {
  readonly #checks: HealthChecks;

  constructor(@Inject(HEALTH_CHECKS) checks: HealthChecks) {
    this.#checks = checks;
  }

  @Get("live")
  @Header("cache-control", "no-store")
  live() {
    return { status: "live" };
  }

  @Get("ready")
  @Header("cache-control", "no-store")
  async ready() {
    await check("database", this.#checks.database);
    await check("broker", this.#checks.broker);
    return { status: "ready" };
  }
}

async function check(part: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new HttpError("NOT_READY", `expected the ${part} to work; the controller's log has why`, {
      cause,
    });
  }
}
