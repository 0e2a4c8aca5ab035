import {
  Alert,
  AlertAck,
  AlertDetail,
  AlertList,
  AlertName,
  AlertQuery,
} from "@modelfleet/protocol";
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from "@nestjs/common";
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { AcknowledgeAlert } from "../../app/drift/acknowledge-alert.ts";
import { ListAlerts } from "../../app/drift/list-alerts.ts";
import { ShowAlert } from "../../app/drift/show-alert.ts";
import { Needs } from "../access/access.ts";
import { Call, type OperatorCall } from "../access/caller.ts";
import type { HttpReply } from "../exchange.ts";
import { linkNext } from "../rollouts/page-of.ts";
import { IfMatch } from "../rollouts/preconditions.ts";

@ApiBearerAuth()
@ApiTags("alerts")
@Controller("v1/alerts")
export class AlertRoutes {
  readonly #list: ListAlerts;
  readonly #show: ShowAlert;
  readonly #acknowledge: AcknowledgeAlert;

  constructor(
    @Inject(ListAlerts) list: ListAlerts,
    @Inject(ShowAlert) show: ShowAlert,
    @Inject(AcknowledgeAlert) acknowledge: AcknowledgeAlert,
  ) {
    this.#list = list;
    this.#show = show;
    this.#acknowledge = acknowledge;
  }

  @Get()
  @Needs("telemetry.read")
  @ApiOkResponse({
    description: "Newest first, a page; `Link` names the next one.",
    standardSchema: AlertList,
  })
  async list(
    @Query({ schema: AlertQuery }) query: AlertQuery,
    @Call() { caller, request, reply }: OperatorCall,
  ): Promise<AlertList> {
    const { alerts, next } = await this.#list.run(query, caller);
    linkNext(request, reply, next);
    return { alerts: [...alerts] };
  }

  @Get(":id")
  @Needs("telemetry.read")
  @ApiOkResponse({
    description: "With each change of state and what it rests on.",
    standardSchema: AlertDetail,
  })
  async show(
    @Param("id", { schema: AlertName }) id: string,
    @Call() { caller, reply }: OperatorCall,
  ): Promise<AlertDetail> {
    return tagged(reply, await this.#show.run(id, caller));
  }

  @Post(":id::ack")
  @HttpCode(200)
  @Needs("alert.ack")
  @ApiHeader({
    name: "If-Match",
    required: false,
    description: "The ETag of the alert as the caller has seen it; 412 when it has changed since.",
  })
  @ApiOkResponse({ description: "It is the caller's from now on.", standardSchema: Alert })
  async acknowledge(
    @Param("id", { schema: AlertName }) id: string,
    @Body({ schema: AlertAck }) { note }: AlertAck,
    @IfMatch() ifVersion: number | undefined,
    @Call() { caller, reply }: OperatorCall,
  ): Promise<Alert> {
    return tagged(reply, await this.#acknowledge.run({ id, note, ifVersion, caller }));
  }
}

function tagged<Tagged extends Alert>(reply: HttpReply, alert: Tagged): Tagged {
  reply.headers({ etag: `"${alert.version}"`, "cache-control": "private, no-cache" });
  return alert;
}
