import {
  Deployment,
  DeploymentList,
  DeploymentName,
  DeploymentRequest,
} from "@modelfleet/protocol";
import { Body, Controller, Get, Inject, Param, Post } from "@nestjs/common";
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { DeployRelease } from "../../app/deployment/deploy-release.ts";
import { ListDeployments } from "../../app/deployment/list-deployments.ts";
import { ShowDeployment } from "../../app/deployment/show-deployment.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { Needs } from "../access/access.ts";
import { Caller } from "../access/caller.ts";

@ApiBearerAuth()
@ApiTags("deployments")
@Controller("v1/deployments")
export class DeploymentsRoutes {
  readonly #deploy: DeployRelease;
  readonly #list: ListDeployments;
  readonly #show: ShowDeployment;

  constructor(
    @Inject(DeployRelease) deploy: DeployRelease,
    @Inject(ListDeployments) list: ListDeployments,
    @Inject(ShowDeployment) show: ShowDeployment,
  ) {
    this.#deploy = deploy;
    this.#list = list;
    this.#show = show;
  }

  @Post()
  @Needs("deployment.create")
  @ApiCreatedResponse({ standardSchema: Deployment })
  create(
    @Body({ schema: DeploymentRequest }) request: DeploymentRequest,
    @Caller() caller: Principal,
  ): Promise<Deployment> {
    return this.#deploy.run(request, caller);
  }

  @Get()
  @Needs("deployment.read")
  @ApiOkResponse({ standardSchema: DeploymentList })
  async list(): Promise<DeploymentList> {
    return { deployments: [...(await this.#list.run())] };
  }

  @Get(":id")
  @Needs("deployment.read")
  @ApiOkResponse({ standardSchema: Deployment })
  show(@Param("id", { schema: DeploymentName }) id: string): Promise<Deployment> {
    return this.#show.run(id);
  }
}
