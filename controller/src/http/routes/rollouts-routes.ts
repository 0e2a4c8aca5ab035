import {
  Rollout,
  RolloutList,
  RolloutName,
  RolloutPreview,
  RolloutQuery,
  RolloutRequest,
} from "@modelfleet/protocol";
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  UseInterceptors,
} from "@nestjs/common";
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiTags,
} from "@nestjs/swagger";
import { CreateRolloutOnce } from "../../app/rollout/create-rollout-once.ts";
import { ListRollouts } from "../../app/rollout/list-rollouts.ts";
import { PreviewRollout } from "../../app/rollout/preview-rollout.ts";
import { ShowRollout } from "../../app/rollout/show-rollout.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Call, Caller, type OperatorCall } from "../access/caller.ts";
import { linkNext, withFields } from "../rollouts/page-of.ts";
import { RequestKey } from "../rollouts/preconditions.ts";
import { TagRollout } from "../rollouts/tag-rollout.ts";

@ApiBearerAuth()
@ApiTags("rollouts")
@Controller("v1")
export class RolloutsRoutes {
  readonly #create: CreateRolloutOnce;
  readonly #preview: PreviewRollout;
  readonly #list: ListRollouts;
  readonly #show: ShowRollout;

  constructor(
    @Inject(CreateRolloutOnce) create: CreateRolloutOnce,
    @Inject(PreviewRollout) preview: PreviewRollout,
    @Inject(ListRollouts) list: ListRollouts,
    @Inject(ShowRollout) show: ShowRollout,
  ) {
    this.#create = create;
    this.#preview = preview;
    this.#list = list;
    this.#show = show;
  }

  @Post("rollouts")
  @Needs("rollout.create")
  @UseInterceptors(TagRollout)
  @ApiHeader({
    name: "Idempotency-Key",
    required: false,
    description: "The same key and body again give the same rollout, for a day.",
  })
  @ApiCreatedResponse({ standardSchema: Rollout })
  create(
    @Body({ schema: RolloutRequest }) request: RolloutRequest,
    @RequestKey() key: string | undefined,
    @Caller() caller: Principal,
  ): Promise<Rollout> {
    return this.#create.run(request, caller, key);
  }

  @Post("rollouts::validate")
  @HttpCode(200)
  @Needs("rollout.create")
  @ApiOkResponse({
    description: "What it would do. Nothing changes.",
    standardSchema: RolloutPreview,
  })
  validate(
    @Body({ schema: RolloutRequest }) request: RolloutRequest,
    @Caller() caller: Principal,
  ): Promise<RolloutPreview> {
    return this.#preview.run(request, caller);
  }

  @Get("rollouts")
  @Needs("rollout.read")
  @ApiOkResponse({
    description: "A page; `Link` names the next one. With `fields`, only those members.",
    standardSchema: RolloutList,
  })
  async list(
    @Query({ schema: RolloutQuery }) query: RolloutQuery,
    @Call() { caller, request, reply }: OperatorCall,
  ): Promise<RolloutList> {
    const { rollouts, next } = await this.#list.run(query, caller);
    linkNext(request, reply, next);
    return { rollouts: withFields(rollouts, query.fields) };
  }

  @Get("rollouts/:id")
  @Needs("rollout.read")
  @UseInterceptors(TagRollout)
  @ApiOkResponse({ standardSchema: Rollout })
  show(
    @Param("id", { schema: RolloutName }) id: string,
    @Caller() caller: Principal,
  ): Promise<Rollout> {
    return this.#show.run(id, caller);
  }
}
