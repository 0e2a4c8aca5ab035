import { ClientTrust } from "@modelfleet/protocol";
import { Controller, Get, Inject } from "@nestjs/common";
import { ApiBearerAuth, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { ShowClientTrust } from "../../app/fleet/show-client-trust.ts";
import { Needs } from "../access/access.ts";

@ApiBearerAuth()
@ApiTags("client trust")
@Controller("v1/client-trust")
export class ClientTrustRoutes {
  readonly #show: ShowClientTrust;

  constructor(@Inject(ShowClientTrust) show: ShowClientTrust) {
    this.#show = show;
  }

  @Get()
  @Needs("audit.read")
  @ApiOkResponse({ standardSchema: ClientTrust })
  show(): Promise<ClientTrust> {
    return this.#show.run();
  }
}
