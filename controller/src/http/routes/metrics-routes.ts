import { Controller, Get, Header, Inject } from "@nestjs/common";
import { ApiBearerAuth, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { ReadMetrics } from "../../app/metrics/read-metrics.ts";
import { Needs } from "../access/access.ts";

@ApiBearerAuth()
@ApiTags("metrics")
@Controller("metrics")
export class MetricsRoutes {
  readonly #read: ReadMetrics;

  constructor(@Inject(ReadMetrics) read: ReadMetrics) {
    this.#read = read;
  }

  @Get()
  @Needs("metrics.read")
  @Header("cache-control", "no-store")
  @Header("content-type", "text/plain; version=0.0.4; charset=utf-8")
  @ApiOkResponse({
    description: "Prometheus' text format 0.0.4.",
    content: { "text/plain": { schema: { type: "string" } } },
  })
  read(): Promise<string> {
    return this.#read.run();
  }
}
