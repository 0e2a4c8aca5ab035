import { type DeviceId, RootVersion, Sha256 } from "@modelfleet/protocol";
import { Controller, Get, Header, Inject, Param, Req, Res, StreamableFile } from "@nestjs/common";
import { ApiBasicAuth, ApiProduces, ApiTags } from "@nestjs/swagger";
import { FetchCertificate } from "../../app/fleet/fetch-certificate.ts";
import { ReadReleaseEnvelope } from "../../app/release/read-release-envelope.ts";
import { ForDevices } from "../access/access.ts";
import { CallingDevice } from "../access/calling-device.ts";
import { SendBlob } from "../downloads/send-blob.ts";
import { SendRoot } from "../downloads/send-root.ts";
import type { HttpReply, HttpRequest } from "../exchange.ts";

const IMMUTABLE = "private, max-age=31536000, immutable";

/** What a device fetches: signed documents and the files they name. A digest or a version names one content for ever. */
@ForDevices()
@ApiTags("device side")
@ApiBasicAuth()
@Controller("v1/device")
export class DeviceSideRoutes {
  readonly #envelope: ReadReleaseEnvelope;
  readonly #certificate: FetchCertificate;
  readonly #root: SendRoot;
  readonly #blob: SendBlob;

  constructor(
    @Inject(ReadReleaseEnvelope) envelope: ReadReleaseEnvelope,
    @Inject(FetchCertificate) certificate: FetchCertificate,
    @Inject(SendRoot) root: SendRoot,
    @Inject(SendBlob) blob: SendBlob,
  ) {
    this.#envelope = envelope;
    this.#certificate = certificate;
    this.#root = root;
    this.#blob = blob;
  }

  @Get("releases/:digest")
  @Header("cache-control", IMMUTABLE)
  @ApiProduces("application/octet-stream")
  async release(@Param("digest", { schema: Sha256 }) digest: Sha256): Promise<StreamableFile> {
    return new StreamableFile(await this.#envelope.run(digest));
  }

  /** Its client certificate for MQTT: the one it has, or a new one before that ends. */
  @Get("certificate")
  @Header("cache-control", "no-store")
  @Header("content-type", "application/x-pem-file")
  @ApiProduces("application/x-pem-file")
  certificate(@CallingDevice() device: DeviceId): Promise<string> {
    return this.#certificate.run(device);
  }

  @Get("root/:version")
  @Header("cache-control", IMMUTABLE)
  @ApiProduces("application/octet-stream")
  root(@Param("version", { schema: RootVersion }) version: number): StreamableFile {
    return this.#root.run(version);
  }

  @Get("blobs/:digest")
  @ApiProduces("application/octet-stream")
  blob(
    @Param("digest", { schema: Sha256 }) digest: Sha256,
    @Req() request: HttpRequest,
    @Res() reply: HttpReply,
  ): Promise<void> {
    return this.#blob.run(digest, request, reply);
  }
}
