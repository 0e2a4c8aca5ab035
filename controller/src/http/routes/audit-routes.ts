import { AuditPage, AuditQuery } from "@modelfleet/protocol";
import { Controller, Get, Inject, Query } from "@nestjs/common";
import { ApiBearerAuth, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { ReadAudit } from "../../app/audit/read-audit.ts";
import { Needs } from "../access/access.ts";

@ApiBearerAuth()
@ApiTags("audit")
@Controller("v1/audit")
export class AuditRoutes {
  readonly #read: ReadAudit;

  constructor(@Inject(ReadAudit) read: ReadAudit) {
    this.#read = read;
  }

  @Get()
  @Needs("audit.read")
  @ApiOkResponse({ standardSchema: AuditPage })
  read(@Query({ schema: AuditQuery }) query: AuditQuery): Promise<AuditPage> {
    return this.#read.run(query);
  }
}
