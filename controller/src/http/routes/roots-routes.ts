import { RootPublication, RootPublished, RootView } from "@modelfleet/protocol";
import { Body, Controller, Get, Inject, Post } from "@nestjs/common";
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { PublishRoot } from "../../app/root/publish-root.ts";
import { ShowRoot } from "../../app/root/show-root.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

@ApiBearerAuth()
@ApiTags("roots")
@Controller("v1/roots")
export class RootsRoutes {
  readonly #publish: PublishRoot;
  readonly #show: ShowRoot;

  constructor(@Inject(PublishRoot) publish: PublishRoot, @Inject(ShowRoot) show: ShowRoot) {
    this.#publish = publish;
    this.#show = show;
  }

  @Post()
  @Needs("root.change")
  @ApiCreatedResponse({
    description: "Verified, kept and in force.",
    standardSchema: RootPublished,
  })
  publish(
    @Body({ schema: RootPublication }) request: RootPublication,
    @Caller() caller: Principal,
  ): Promise<RootPublished> {
    return this.#publish.run(request, caller);
  }

  @Get("current")
  @Needs("root.read")
  @ApiOkResponse({ standardSchema: RootView })
  current(): RootView {
    return this.#show.run();
  }
}
