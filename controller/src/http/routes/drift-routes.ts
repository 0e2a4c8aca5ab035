import { DriftAnswer, DriftQuery, ModelName, QuarantineAnswer } from "@modelfleet/protocol";
import { Controller, Get, Inject, Param, Query } from "@nestjs/common";
import { ApiBearerAuth, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { ShowDrift } from "../../app/drift/show-drift.ts";
import { ShowQuarantine } from "../../app/drift/show-quarantine.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

@ApiBearerAuth()
@ApiTags("telemetry")
@Controller("v1")
export class DriftRoutes {
  readonly #show: ShowDrift;
  readonly #quarantine: ShowQuarantine;

  constructor(
    @Inject(ShowDrift) show: ShowDrift,
    @Inject(ShowQuarantine) quarantine: ShowQuarantine,
  ) {
    this.#show = show;
    this.#quarantine = quarantine;
  }

  @Get("models/:model/drift")
  @Needs("telemetry.read")
  @ApiOkResponse({
    description: "The newest verdict on each signal of each cohort.",
    standardSchema: DriftAnswer,
  })
  show(
    @Param("model", { schema: ModelName }) model: ModelName,
    @Query({ schema: DriftQuery }) query: DriftQuery,
    @Caller() caller: Principal,
  ): Promise<DriftAnswer> {
    return this.#show.run(model, query, caller);
  }

  @Get("quarantine")
  @Needs("audit.read")
  @ApiOkResponse({
    description: "Windows of telemetry that nothing could be held against, kept apart for 14 days.",
    standardSchema: QuarantineAnswer,
  })
  quarantine(): Promise<QuarantineAnswer> {
    return this.#quarantine.run();
  }
}
