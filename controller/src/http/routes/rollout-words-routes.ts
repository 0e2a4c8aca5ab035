import { Rollout, RolloutAbort, RolloutName, RolloutVerb } from "@modelfleet/protocol";
import {
  applyDecorators,
  Body,
  Controller,
  HttpCode,
  Inject,
  Param,
  Post,
  UseInterceptors,
} from "@nestjs/common";
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { CommandRollout } from "../../app/rollout/command-rollout.ts";
import type { Action } from "../../domain/access/actions.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";
import { IfMatch } from "../rollouts/preconditions.ts";
import { TagRollout } from "../rollouts/tag-rollout.ts";

/** A word on a rollout: who may say it, and that it may be bound to what the caller has seen. */
const Word = (verb: string, action: Action) =>
  applyDecorators(
    Post(`:id::${verb}`),
    HttpCode(200),
    Needs(action),
    UseInterceptors(TagRollout),
    ApiHeader({
      name: "If-Match",
      required: false,
      description:
        "The ETag of the rollout as the caller has seen it; 412 when somebody has decided since.",
    }),
    ApiOkResponse({ standardSchema: Rollout }),
  );

const Id = () => Param("id", { schema: RolloutName });
const Why = () => Body({ schema: RolloutVerb });

/** What people say about a rollout, each with a reason. It is stored before the answer. */
@ApiBearerAuth()
@ApiTags("rollouts")
@Controller("v1/rollouts")
export class RolloutWordsRoutes {
  readonly #command: CommandRollout;

  constructor(@Inject(CommandRollout) command: CommandRollout) {
    this.#command = command;
  }

  @Word("start", "rollout.create")
  start(
    @Id() id: string,
    @Why() why: RolloutVerb,
    @IfMatch() ifVersion: number | undefined,
    @Caller() caller: Principal,
  ): Promise<Rollout> {
    return this.#command.run({ id, word: { kind: "start", ...why }, ifVersion, caller });
  }

  @Word("pause", "rollout.control")
  pause(
    @Id() id: string,
    @Why() why: RolloutVerb,
    @IfMatch() ifVersion: number | undefined,
    @Caller() caller: Principal,
  ): Promise<Rollout> {
    return this.#command.run({ id, word: { kind: "pause", ...why }, ifVersion, caller });
  }

  @Word("resume", "rollout.control")
  resume(
    @Id() id: string,
    @Why() why: RolloutVerb,
    @IfMatch() ifVersion: number | undefined,
    @Caller() caller: Principal,
  ): Promise<Rollout> {
    return this.#command.run({ id, word: { kind: "resume", ...why }, ifVersion, caller });
  }

  @Word("approve", "rollout.approve")
  approve(
    @Id() id: string,
    @Why() why: RolloutVerb,
    @IfMatch() ifVersion: number | undefined,
    @Caller() caller: Principal,
  ): Promise<Rollout> {
    return this.#command.run({ id, word: { kind: "approve", ...why }, ifVersion, caller });
  }

  @Word("deny", "rollout.approve")
  deny(
    @Id() id: string,
    @Why() why: RolloutVerb,
    @IfMatch() ifVersion: number | undefined,
    @Caller() caller: Principal,
  ): Promise<Rollout> {
    return this.#command.run({ id, word: { kind: "deny", ...why }, ifVersion, caller });
  }

  @Word("promote", "rollout.control")
  promote(
    @Id() id: string,
    @Why() why: RolloutVerb,
    @IfMatch() ifVersion: number | undefined,
    @Caller() caller: Principal,
  ): Promise<Rollout> {
    return this.#command.run({ id, word: { kind: "promote", ...why }, ifVersion, caller });
  }

  @Word("abort", "rollout.control")
  abort(
    @Id() id: string,
    @Body({ schema: RolloutAbort }) why: RolloutAbort,
    @IfMatch() ifVersion: number | undefined,
    @Caller() caller: Principal,
  ): Promise<Rollout> {
    return this.#command.run({ id, word: { kind: "abort", ...why }, ifVersion, caller });
  }

  @Word("rollback", "rollout.control")
  rollback(
    @Id() id: string,
    @Why() why: RolloutVerb,
    @IfMatch() ifVersion: number | undefined,
    @Caller() caller: Principal,
  ): Promise<Rollout> {
    return this.#command.run({ id, word: { kind: "rollback", ...why }, ifVersion, caller });
  }

  @Word("retryFailed", "rollout.control")
  retryFailed(
    @Id() id: string,
    @Why() why: RolloutVerb,
    @IfMatch() ifVersion: number | undefined,
    @Caller() caller: Principal,
  ): Promise<Rollout> {
    return this.#command.run({ id, word: { kind: "retry-failed", ...why }, ifVersion, caller });
  }
}
