import { NotFoundError } from "../../domain/errors.ts";
import type { DeploymentStore, StoredDeployment } from "../../ports/deployment-store.ts";

/** @throws NotFoundError DEPLOYMENT_UNKNOWN */
export async function knownDeployment(
  deployments: DeploymentStore,
  id: string,
): Promise<StoredDeployment> {
  const stored = await deployments.byId(id);
  if (stored === undefined) throw deploymentUnknown(id);
  return stored;
}

export function deploymentUnknown(id: string): NotFoundError {
  return new NotFoundError(
    "DEPLOYMENT_UNKNOWN",
    `expected the id of a deployment, got ${id.slice(0, 64)}`,
  );
}
