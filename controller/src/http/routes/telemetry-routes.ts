import { TelemetryAnswer, TelemetryQuery } from "@modelfleet/protocol";
import { Controller, Get, Inject, Query } from "@nestjs/common";
import { ApiBearerAuth, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { SummarizeTelemetry } from "../../app/ingest/summarize-telemetry.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

@ApiBearerAuth()
@ApiTags("telemetry")
@Controller("v1/telemetry")
export class TelemetryRoutes {
  readonly #summarize: SummarizeTelemetry;

  constructor(@Inject(SummarizeTelemetry) summarize: SummarizeTelemetry) {
    this.#summarize = summarize;
  }

  @Get()
  @Needs("telemetry.read")
  @ApiOkResponse({ standardSchema: TelemetryAnswer })
  show(
    @Query({ schema: TelemetryQuery }) query: TelemetryQuery,
    @Caller() caller: Principal,
  ): Promise<TelemetryAnswer> {
    return this.#summarize.run(query, caller);
  }
}
