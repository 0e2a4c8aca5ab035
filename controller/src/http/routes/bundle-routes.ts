import { Bundle, BundleRequest, DeviceId, Sha256 } from "@modelfleet/protocol";
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from "@nestjs/common";
import { ApiBearerAuth, ApiOkResponse, ApiProduces, ApiTags } from "@nestjs/swagger";
import { ExportBundle } from "../../app/bundle/export-bundle.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";
import { SendBlob } from "../downloads/send-blob.ts";
import type { HttpReply, HttpRequest } from "../exchange.ts";

/** For sites without a network: what a device should run, and its files, for an operator to carry there. */
@ApiBearerAuth()
@ApiTags("devices")
@Controller("v1")
export class BundleRoutes {
  readonly #export: ExportBundle;
  readonly #blob: SendBlob;

  constructor(@Inject(ExportBundle) bundle: ExportBundle, @Inject(SendBlob) blob: SendBlob) {
    this.#export = bundle;
    this.#blob = blob;
  }

  @Post("devices/:id/bundle")
  @Needs("device.change")
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: Bundle })
  bundle(
    @Param("id", { schema: DeviceId }) id: DeviceId,
    @Body({ schema: BundleRequest }) request: BundleRequest,
    @Caller() caller: Principal,
  ): Promise<Bundle> {
    return this.#export.run(id, request, caller);
  }

  @Get("blobs/:digest")
  @Needs("release.read")
  @ApiProduces("application/octet-stream")
  blob(
    @Param("digest", { schema: Sha256 }) digest: Sha256,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    return this.#blob.run(digest, request, reply);
  }
}
