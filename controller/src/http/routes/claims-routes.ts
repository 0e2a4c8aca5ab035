import { ClaimCreated, ClaimList, ClaimRequest } from "@modelfleet/protocol";
import { Body, Controller, Get, Inject, Post } from "@nestjs/common";
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { CreateClaim } from "../../app/fleet/create-claim.ts";
import { ListClaims } from "../../app/fleet/list-claims.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

@ApiBearerAuth()
@ApiTags("claims")
@Controller("v1/claims")
export class ClaimsRoutes {
  readonly #create: CreateClaim;
  readonly #list: ListClaims;

  constructor(@Inject(CreateClaim) create: CreateClaim, @Inject(ListClaims) list: ListClaims) {
    this.#create = create;
    this.#list = list;
  }

  @Post()
  @Needs("claim.change")
  @ApiCreatedResponse({
    description: "The enrolment string is shown this once.",
    standardSchema: ClaimCreated,
  })
  create(
    @Body({ schema: ClaimRequest }) request: ClaimRequest,
    @Caller() caller: Principal,
  ): Promise<ClaimCreated> {
    return this.#create.run(request, caller);
  }

  @Get()
  @Needs("claim.read")
  @ApiOkResponse({ standardSchema: ClaimList })
  async list(): Promise<ClaimList> {
    return { claims: [...(await this.#list.run())] };
  }
}
