import {
  DeviceId,
  RolloutDeviceList,
  RolloutDeviceQuery,
  RolloutEventPage,
  RolloutEventQuery,
  RolloutExplanation,
  RolloutName,
  RolloutVerb,
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
  Req,
  Res,
} from "@nestjs/common";
import {
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiProduces,
  ApiTags,
} from "@nestjs/swagger";
import { ExcludeDevice } from "../../app/rollout/exclude-device.ts";
import { ExplainDevice } from "../../app/rollout/explain-device.ts";
import { ListRolloutDevices } from "../../app/rollout/list-rollout-devices.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Call, Caller, type OperatorCall } from "../access/caller.ts";
import type { HttpReply, HttpRequest } from "../exchange.ts";
import { linkNext } from "../rollouts/page-of.ts";
import { SendEvents } from "../rollouts/send-events.ts";

/** The devices of a rollout, and what happens to them. */
@ApiBearerAuth()
@ApiTags("rollouts")
@Controller("v1/rollouts/:id")
export class RolloutDevicesRoutes {
  readonly #list: ListRolloutDevices;
  readonly #explain: ExplainDevice;
  readonly #exclude: ExcludeDevice;
  readonly #events: SendEvents;

  constructor(
    @Inject(ListRolloutDevices) list: ListRolloutDevices,
    @Inject(ExplainDevice) explain: ExplainDevice,
    @Inject(ExcludeDevice) exclude: ExcludeDevice,
    @Inject(SendEvents) events: SendEvents,
  ) {
    this.#list = list;
    this.#explain = explain;
    this.#exclude = exclude;
    this.#events = events;
  }

  @Get("devices")
  @Needs("rollout.read")
  @ApiOkResponse({
    description: "A page; `Link` names the next one.",
    standardSchema: RolloutDeviceList,
  })
  async list(
    @Param("id", { schema: RolloutName }) id: string,
    @Query({ schema: RolloutDeviceQuery }) query: RolloutDeviceQuery,
    @Call() { caller, request, reply }: OperatorCall,
  ): Promise<RolloutDeviceList> {
    const { devices, next } = await this.#list.run(id, query, caller);
    linkNext(request, reply, next);
    return { devices: [...devices] };
  }

  @Get("devices/:device/explain")
  @Needs("rollout.read")
  @ApiOkResponse({ standardSchema: RolloutExplanation })
  explain(
    @Param("id", { schema: RolloutName }) id: string,
    @Param("device", { schema: DeviceId }) device: DeviceId,
    @Caller() caller: Principal,
  ): Promise<RolloutExplanation> {
    return this.#explain.run(id, device, caller);
  }

  @Post("devices/:device::exclude")
  @HttpCode(204)
  @Needs("rollout.control")
  @ApiNoContentResponse({ description: "It goes on with what it runs." })
  exclude(
    @Param("id", { schema: RolloutName }) id: string,
    @Param("device", { schema: DeviceId }) device: DeviceId,
    @Body({ schema: RolloutVerb }) { reason }: RolloutVerb,
    @Caller() caller: Principal,
  ): Promise<void> {
    return this.#exclude.run(id, { device, reason }, caller);
  }

  @Get("events")
  @Needs("rollout.read")
  @ApiProduces("application/json", "text/event-stream")
  @ApiOkResponse({
    description:
      "A page, oldest first. To `Accept: text/event-stream` a stream: `id` is the event's place in the audit log, and `Last-Event-ID` goes on behind it.",
    standardSchema: RolloutEventPage,
  })
  events(
    @Param("id", { schema: RolloutName }) id: string,
    @Query({ schema: RolloutEventQuery }) { after }: RolloutEventQuery,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    return this.#events.run({ id, after }, request, reply);
  }
}
