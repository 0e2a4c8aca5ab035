import { ApiKey, ApiKeyCreated, ApiKeyId, ApiKeyList, ApiKeyRequest } from "@modelfleet/protocol";
import { Body, Controller, Delete, Get, Header, Inject, Param, Post } from "@nestjs/common";
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { CreateApiKey } from "../../app/access/create-api-key.ts";
import { ListApiKeys } from "../../app/access/list-api-keys.ts";
import { RevokeApiKey } from "../../app/access/revoke-api-key.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

@ApiBearerAuth()
@ApiTags("access")
@Controller("v1/api-keys")
export class ApiKeysRoutes {
  readonly #create: CreateApiKey;
  readonly #list: ListApiKeys;
  readonly #revoke: RevokeApiKey;

  constructor(
    @Inject(CreateApiKey) create: CreateApiKey,
    @Inject(ListApiKeys) list: ListApiKeys,
    @Inject(RevokeApiKey) revoke: RevokeApiKey,
  ) {
    this.#create = create;
    this.#list = list;
    this.#revoke = revoke;
  }

  @Post()
  @Needs("api-key.change")
  @Header("cache-control", "no-store")
  @ApiCreatedResponse({
    description: "The secret is shown this once.",
    standardSchema: ApiKeyCreated,
  })
  create(
    @Body({ schema: ApiKeyRequest }) request: ApiKeyRequest,
    @Caller() caller: Principal,
  ): Promise<ApiKeyCreated> {
    return this.#create.run(request, caller);
  }

  @Get()
  @Needs("api-key.read")
  @ApiOkResponse({ standardSchema: ApiKeyList })
  async list(@Caller() caller: Principal): Promise<ApiKeyList> {
    return { keys: [...(await this.#list.run(caller))] };
  }

  @Delete(":id")
  @Needs("api-key.change")
  @ApiOkResponse({ standardSchema: ApiKey })
  revoke(
    @Param("id", { schema: ApiKeyId }) id: ApiKeyId,
    @Caller() caller: Principal,
  ): Promise<ApiKey> {
    return this.#revoke.run(id, caller);
  }
}
