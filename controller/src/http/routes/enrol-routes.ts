import { EnrolAnswer, EnrolRequest } from "@modelfleet/protocol";
import { Body, Controller, HttpCode, Inject, Ip, Post } from "@nestjs/common";
import { ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { EnrolDevice } from "../../app/fleet/enrol-device.ts";
import { Public } from "../access/access.ts";
import { AddressLimiter } from "../access/address-limiter.ts";

/** Public: the MAC of a claim in the body is the right to enrol. */
@Public()
@ApiTags("device side")
@Controller("v1/enrol")
export class EnrolRoutes {
  readonly #enrol: EnrolDevice;
  readonly #limiter: AddressLimiter;

  constructor(
    @Inject(EnrolDevice) enrol: EnrolDevice,
    @Inject(AddressLimiter) limiter: AddressLimiter,
  ) {
    this.#enrol = enrol;
    this.#limiter = limiter;
  }

  @Post()
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: EnrolAnswer })
  enrol(
    @Ip() address: string,
    @Body({ schema: EnrolRequest }) request: EnrolRequest,
  ): Promise<EnrolAnswer> {
    this.#limiter.take(address);
    return this.#enrol.run(request);
  }
}
