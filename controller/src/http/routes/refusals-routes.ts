import { Refusals } from "@modelfleet/protocol";
import { Controller, Get, Inject } from "@nestjs/common";
import { ApiBearerAuth, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { ShowRefusals } from "../../app/ingest/show-refusals.ts";
import { Needs } from "../access/access.ts";

@ApiBearerAuth()
@ApiTags("telemetry")
@Controller("v1/refusals")
export class RefusalsRoutes {
  readonly #show: ShowRefusals;

  constructor(@Inject(ShowRefusals) show: ShowRefusals) {
    this.#show = show;
  }

  @Get()
  @Needs("audit.read")
  @ApiOkResponse({ standardSchema: Refusals })
  show(): Promise<Refusals> {
    return this.#show.run();
  }
}
