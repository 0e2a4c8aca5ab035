import {
  Deployment,
  DeploymentList,
  DeploymentName,
  DeploymentRequest,
} from "@modelfleet/protocol";
import { Body, Controller, Get, HttpCode, Inject, Param, Post } from "@nestjs/common";
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { ApproveDeployment } from "../../app/deployment/approve-deployment.ts";
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
  readonly #approve: ApproveDeployment;

  constructor(
    @Inject(DeployRelease) deploy: DeployRelease,
    @Inject(ListDeployments) list: ListDeployments,
    @Inject(ShowDeployment) show: ShowDeployment,
    @Inject(ApproveDeployment) approve: ApproveDeployment,
  ) {
    this.#deploy = deploy;
    this.#list = list;
    this.#show = show;
    this.#approve = approve;
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
  async list(@Caller() caller: Principal): Promise<DeploymentList> {
    return { deployments: [...(await this.#list.run(caller))] };
  }

  @Get(":id")
  @Needs("deployment.read")
  @ApiOkResponse({ standardSchema: Deployment })
  show(
    @Param("id", { schema: DeploymentName }) id: string,
    @Caller() caller: Principal,
  ): Promise<Deployment> {
    return this.#show.run(id, caller);
  }

  @Post(":id/approve")
  @HttpCode(200)
  @Needs("deployment.approve")
  @ApiOkResponse({ description: "Its devices have their orders.", standardSchema: Deployment })
  approve(
    @Param("id", { schema: DeploymentName }) id: string,
    @Caller() caller: Principal,
  ): Promise<Deployment> {
    return this.#approve.run(id, caller);
  }
}
