import { Device, DeviceApproval, DeviceId, DeviceRevocation } from "@modelfleet/protocol";
import { Body, Controller, HttpCode, Inject, Param, Post } from "@nestjs/common";
import { ApiBearerAuth, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { ApproveDevice } from "../../app/fleet/approve-device.ts";
import { RevokeDevice } from "../../app/fleet/revoke-device.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

/** Who is let into the fleet, and who is put out of it. */
@ApiBearerAuth()
@ApiTags("devices")
@Controller("v1/devices/:id")
export class DeviceStateRoutes {
  readonly #approve: ApproveDevice;
  readonly #revoke: RevokeDevice;

  constructor(
    @Inject(ApproveDevice) approve: ApproveDevice,
    @Inject(RevokeDevice) revoke: RevokeDevice,
  ) {
    this.#approve = approve;
    this.#revoke = revoke;
  }

  @Post("approve")
  @HttpCode(200)
  @Needs("device.change")
  @ApiOkResponse({ standardSchema: Device })
  approve(
    @Param("id", { schema: DeviceId }) id: DeviceId,
    @Body({ schema: DeviceApproval }) approval: DeviceApproval,
    @Caller() caller: Principal,
  ): Promise<Device> {
    return this.#approve.run(id, approval, caller);
  }

  @Post("revoke")
  @HttpCode(200)
  @Needs("device.change")
  @ApiOkResponse({ description: "Out of the fleet, for ever.", standardSchema: Device })
  revoke(
    @Param("id", { schema: DeviceId }) id: DeviceId,
    @Body({ schema: DeviceRevocation }) revocation: DeviceRevocation,
    @Caller() caller: Principal,
  ): Promise<Device> {
    return this.#revoke.run(id, revocation, caller);
  }
}
