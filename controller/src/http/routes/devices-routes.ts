import {
  Device,
  DeviceChange,
  DeviceId,
  DeviceList,
  DeviceQuery,
  labelsOf,
} from "@modelfleet/protocol";
import { Body, Controller, Get, Inject, Param, Patch, Query } from "@nestjs/common";
import { ApiBearerAuth, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { ChangeDevice } from "../../app/fleet/change-device.ts";
import { ListDevices } from "../../app/fleet/list-devices.ts";
import { ShowDevice } from "../../app/fleet/show-device.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

@ApiBearerAuth()
@ApiTags("devices")
@Controller("v1/devices")
export class DevicesRoutes {
  readonly #list: ListDevices;
  readonly #show: ShowDevice;
  readonly #change: ChangeDevice;

  constructor(
    @Inject(ListDevices) list: ListDevices,
    @Inject(ShowDevice) show: ShowDevice,
    @Inject(ChangeDevice) change: ChangeDevice,
  ) {
    this.#list = list;
    this.#show = show;
    this.#change = change;
  }

  @Get()
  @Needs("device.read")
  @ApiOkResponse({ standardSchema: DeviceList })
  async list(
    @Query({ schema: DeviceQuery }) query: DeviceQuery,
    @Caller() caller: Principal,
  ): Promise<DeviceList> {
    return { devices: [...(await this.#list.run(labelsOf(query), caller))] };
  }

  @Get(":id")
  @Needs("device.read")
  @ApiOkResponse({ standardSchema: Device })
  show(
    @Param("id", { schema: DeviceId }) id: DeviceId,
    @Caller() caller: Principal,
  ): Promise<Device> {
    return this.#show.run(id, caller);
  }

  @Patch(":id")
  @Needs("device.change")
  @ApiOkResponse({ standardSchema: Device })
  change(
    @Param("id", { schema: DeviceId }) id: DeviceId,
    @Body({ schema: DeviceChange }) change: DeviceChange,
    @Caller() caller: Principal,
  ): Promise<Device> {
    return this.#change.run(id, change, caller);
  }
}
