import {
  EventId,
  Webhook,
  WebhookChange,
  WebhookCreated,
  WebhookDeliveryList,
  WebhookId,
  WebhookList,
  WebhookRequest,
} from "@modelfleet/protocol";
import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
} from "@nestjs/common";
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { AddWebhook } from "../../app/events/add-webhook.ts";
import { ChangeWebhook } from "../../app/events/change-webhook.ts";
import { ListWebhooks } from "../../app/events/list-webhooks.ts";
import { RedeliverEvent } from "../../app/events/redeliver-event.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

const Id = () => Param("id", { schema: WebhookId });

@ApiBearerAuth()
@ApiTags("webhooks")
@Controller("v1/webhooks")
export class WebhookRoutes {
  readonly #add: AddWebhook;
  readonly #change: ChangeWebhook;
  readonly #list: ListWebhooks;
  readonly #redeliver: RedeliverEvent;

  constructor(
    @Inject(AddWebhook) add: AddWebhook,
    @Inject(ChangeWebhook) change: ChangeWebhook,
    @Inject(ListWebhooks) list: ListWebhooks,
    @Inject(RedeliverEvent) redeliver: RedeliverEvent,
  ) {
    this.#add = add;
    this.#change = change;
    this.#list = list;
    this.#redeliver = redeliver;
  }

  @Post()
  @Needs("webhook.change")
  @Header("cache-control", "no-store")
  @ApiCreatedResponse({
    description: "The secret is shown this once.",
    standardSchema: WebhookCreated,
  })
  add(
    @Body({ schema: WebhookRequest }) request: WebhookRequest,
    @Caller() caller: Principal,
  ): Promise<WebhookCreated> {
    return this.#add.run(request, caller);
  }

  @Get()
  @Needs("webhook.read")
  @ApiOkResponse({ standardSchema: WebhookList })
  list(): Promise<WebhookList> {
    return this.#list.run();
  }

  @Patch(":id")
  @Needs("webhook.change")
  @ApiOkResponse({ standardSchema: Webhook })
  change(
    @Id() id: WebhookId,
    @Body({ schema: WebhookChange }) change: WebhookChange,
    @Caller() caller: Principal,
  ): Promise<Webhook> {
    return this.#change.run(id, change, caller);
  }

  @Delete(":id")
  @Needs("webhook.change")
  @ApiOkResponse({
    description: "As it was; nothing is sent to it any more.",
    standardSchema: Webhook,
  })
  remove(@Id() id: WebhookId, @Caller() caller: Principal): Promise<Webhook> {
    return this.#change.remove(id, caller);
  }

  @Get(":id/deliveries")
  @Needs("webhook.read")
  @ApiOkResponse({ description: "Newest event first.", standardSchema: WebhookDeliveryList })
  deliveries(@Id() id: WebhookId): Promise<WebhookDeliveryList> {
    return this.#list.deliveries(id);
  }

  @Post(":id/deliveries/:event::redeliver")
  @HttpCode(200)
  @Needs("webhook.change")
  @ApiOkResponse({ standardSchema: WebhookDeliveryList })
  redeliver(
    @Id() id: WebhookId,
    @Param("event", { schema: EventId }) event: EventId,
    @Caller() caller: Principal,
  ): Promise<WebhookDeliveryList> {
    return this.#redeliver.run(id, event, caller);
  }

  @Post(":id::test")
  @HttpCode(200)
  @Needs("webhook.change")
  @ApiOkResponse({
    description: "An event that says nothing is on its way to this webhook.",
    standardSchema: WebhookDeliveryList,
  })
  test(@Id() id: WebhookId, @Caller() caller: Principal): Promise<WebhookDeliveryList> {
    return this.#redeliver.test(id, caller);
  }
}
