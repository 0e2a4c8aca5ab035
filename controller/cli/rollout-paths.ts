/** Paths of the REST API below one rollout. */
export function rolloutPath(id: string): string {
  return `/v1/rollouts/${encodeURIComponent(id)}`;
}

export function rolloutDevicePath(id: string, device: string): string {
  return `${rolloutPath(id)}/devices/${encodeURIComponent(device)}`;
}
