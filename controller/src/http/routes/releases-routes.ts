import { Release, ReleaseList, ReleaseQuery, Sha256 } from "@modelfleet/protocol";
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from "@nestjs/common";
import {
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiTags,
} from "@nestjs/swagger";
import { ApproveRelease } from "../../app/release/approve-release.ts";
import { ListReleases } from "../../app/release/list-releases.ts";
import { PublishRelease } from "../../app/release/publish-release.ts";
import { ShowRelease } from "../../app/release/show-release.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";
import type { HttpReply, HttpRequest } from "../exchange.ts";
import { uploadParts } from "../upload-parts.ts";

@ApiBearerAuth()
@ApiTags("releases")
@Controller("v1/releases")
export class ReleasesRoutes {
  readonly #publish: PublishRelease;
  readonly #list: ListReleases;
  readonly #show: ShowRelease;
  readonly #approve: ApproveRelease;

  constructor(
    @Inject(PublishRelease) publish: PublishRelease,
    @Inject(ListReleases) list: ListReleases,
    @Inject(ShowRelease) show: ShowRelease,
    @Inject(ApproveRelease) approve: ApproveRelease,
  ) {
    this.#publish = publish;
    this.#list = list;
    this.#show = show;
    this.#approve = approve;
  }

  @Post()
  @Needs("release.upload")
  @ApiConsumes("multipart/form-data")
  @ApiBody({
    description: "The manifest first, then every file it names in a part named by its path.",
    schema: {
      type: "object",
      required: ["manifest"],
      properties: { manifest: { type: "string", description: "release.json" } },
      additionalProperties: { type: "string", format: "binary" },
    },
  })
  @ApiCreatedResponse({ description: "Signed and kept.", standardSchema: Release })
  @ApiOkResponse({ description: "The very same release was there.", standardSchema: Release })
  async publish(
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) reply: HttpReply,
    @Caller() caller: Principal,
  ): Promise<Release> {
    const { release, created } = await this.#publish.run(uploadParts(request), caller);
    reply.status(created ? 201 : 200);
    return release;
  }

  @Get()
  @Needs("release.read")
  @ApiOkResponse({ standardSchema: ReleaseList })
  async list(
    @Query({ schema: ReleaseQuery }) query: ReleaseQuery,
    @Caller() caller: Principal,
  ): Promise<ReleaseList> {
    return { releases: [...(await this.#list.run(query.model, caller))] };
  }

  @Get(":digest")
  @Needs("release.read")
  @ApiOkResponse({ standardSchema: Release })
  show(
    @Param("digest", { schema: Sha256 }) digest: Sha256,
    @Caller() caller: Principal,
  ): Promise<Release> {
    return this.#show.run(digest, caller);
  }

  @Post(":digest/approve")
  @HttpCode(200)
  @Needs("release.approve")
  @ApiOkResponse({ description: "It can be deployed.", standardSchema: Release })
  approve(
    @Param("digest", { schema: Sha256 }) digest: Sha256,
    @Caller() caller: Principal,
  ): Promise<Release> {
    return this.#approve.run(digest, caller);
  }
}
