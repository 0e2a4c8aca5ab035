import {
  LearnedProfileAnswer,
  LearnedProfileQuery,
  ModelName,
  ReleaseVersion,
} from "@modelfleet/protocol";
import { Controller, Get, Inject, Param, Query } from "@nestjs/common";
import { ApiBearerAuth, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { LearnProfile } from "../../app/profile/learn-profile.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

@ApiBearerAuth()
@ApiTags("telemetry")
@Controller("v1/models/:model/versions/:version")
export class ProfileRoutes {
  readonly #learn: LearnProfile;

  constructor(@Inject(LearnProfile) learn: LearnProfile) {
    this.#learn = learn;
  }

  @Get("learned-profile")
  @Needs("telemetry.read")
  @ApiOkResponse({
    description:
      "A provisional reference profile out of the first windows of a cohort, whose release has a learning profile.",
    standardSchema: LearnedProfileAnswer,
  })
  learn(
    @Param("model", { schema: ModelName }) model: ModelName,
    @Param("version", { schema: ReleaseVersion }) version: ReleaseVersion,
    @Query({ schema: LearnedProfileQuery }) query: LearnedProfileQuery,
    @Caller() caller: Principal,
  ): Promise<LearnedProfileAnswer> {
    return this.#learn.run({ model, version }, query, caller);
  }
}
