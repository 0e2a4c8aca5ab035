import { type ApiKey, ApiKeyList, formatTimestamp, type Grant } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { age, table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

export async function listApiKeys(terminal: Terminal, options: ApiOptions): Promise<void> {
  const context = contextOf(terminal, options);
  const list = await context.api.call({
    method: "GET",
    path: "/v1/api-keys",
    answer: ApiKeyList,
  });
  context.answer(list, () => renderList(list, terminal.nowMs()));
}

function renderList({ keys }: ApiKeyList, nowMs: number): string {
  if (keys.length === 0)
    return 'no key yet: make one with "modelfleet api-key create NAME --role ROLE"';
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.grants.map(grantText).join("; "),
    stateOf(key, nowMs),
    key.lastUsedAtMs === null ? "never" : `${age(key.lastUsedAtMs, nowMs)} ago`,
    key.createdBy,
  ]);
  return table(["id", "name", "may", "state", "used", "made by"], rows);
}

function grantText({ role, models, labels }: Grant): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [role, ...models.filter((model) => model !== "*"), ...pairs].join(" ");
}

function stateOf({ revokedAtMs, expiresAtMs }: ApiKey, nowMs: number): string {
  if (revokedAtMs !== null) return "revoked";
  return expiresAtMs <= nowMs ? "expired" : `until ${formatTimestamp(expiresAtMs).slice(0, 10)}`;
}
