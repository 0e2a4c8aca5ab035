import { Claim, ClaimCreated, ClaimId, ClaimList, ClaimRequest } from "@modelfleet/protocol";
import { Body, Controller, Delete, Get, Inject, Param, Post } from "@nestjs/common";
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { CreateClaim } from "../../app/fleet/create-claim.ts";
import { ListClaims } from "../../app/fleet/list-claims.ts";
import { RevokeClaim } from "../../app/fleet/revoke-claim.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

@ApiBearerAuth()
@ApiTags("claims")
@Controller("v1/claims")
export class ClaimsRoutes {
  readonly #create: CreateClaim;
  readonly #list: ListClaims;
  readonly #revoke: RevokeClaim;

  constructor(
    @Inject(CreateClaim) create: CreateClaim,
    @Inject(ListClaims) list: ListClaims,
    @Inject(RevokeClaim) revoke: RevokeClaim,
  ) {
    this.#create = create;
    this.#list = list;
    this.#revoke = revoke;
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
  async list(@Caller() caller: Principal): Promise<ClaimList> {
    return { claims: [...(await this.#list.run(caller))] };
  }

  @Delete(":id")
  @Needs("claim.change")
  @ApiOkResponse({ description: "Nobody enrols with it any more.", standardSchema: Claim })
  revoke(
    @Param("id", { schema: ClaimId }) id: string,
    @Caller() caller: Principal,
  ): Promise<Claim> {
    return this.#revoke.run(id, caller);
  }
}
