import {
  Maintenance,
  MaintenanceId,
  MaintenanceList,
  MaintenanceQuery,
  MaintenanceRequest,
} from "@modelfleet/protocol";
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from "@nestjs/common";
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { AnnounceMaintenance } from "../../app/maintenance/announce-maintenance.ts";
import { EndMaintenance } from "../../app/maintenance/end-maintenance.ts";
import { ListMaintenance } from "../../app/maintenance/list-maintenance.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

@ApiBearerAuth()
@ApiTags("maintenance")
@Controller("v1/maintenance")
export class MaintenanceRoutes {
  readonly #announce: AnnounceMaintenance;
  readonly #end: EndMaintenance;
  readonly #list: ListMaintenance;

  constructor(
    @Inject(AnnounceMaintenance) announce: AnnounceMaintenance,
    @Inject(EndMaintenance) end: EndMaintenance,
    @Inject(ListMaintenance) list: ListMaintenance,
  ) {
    this.#announce = announce;
    this.#end = end;
    this.#list = list;
  }

  @Post()
  @Needs("maintenance.change")
  @ApiCreatedResponse({
    description: "Alerts of the cohort are told to nobody meanwhile, and stand in the record.",
    standardSchema: Maintenance,
  })
  announce(
    @Body({ schema: MaintenanceRequest }) request: MaintenanceRequest,
    @Caller() caller: Principal,
  ): Promise<Maintenance> {
    return this.#announce.run(request, caller);
  }

  @Get()
  @Needs("telemetry.read")
  @ApiOkResponse({
    description: "Those that end last first, also those that are over.",
    standardSchema: MaintenanceList,
  })
  list(
    @Query({ schema: MaintenanceQuery }) query: MaintenanceQuery,
    @Caller() caller: Principal,
  ): Promise<MaintenanceList> {
    return this.#list.run(query, caller);
  }

  @Post(":id::end")
  @HttpCode(200)
  @Needs("maintenance.change")
  @ApiOkResponse({
    description: "It is over now, or was before; what still stands is told with the next cell.",
    standardSchema: Maintenance,
  })
  end(
    @Param("id", { schema: MaintenanceId }) id: MaintenanceId,
    @Caller() caller: Principal,
  ): Promise<Maintenance> {
    return this.#end.run(id, caller);
  }
}
