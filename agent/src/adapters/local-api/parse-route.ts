/** What a path of the Open Inference Protocol v2, or of this agent's own, means. */
export type Route =
  | {
      readonly kind: "server" | "live" | "ready" | "status" | "metrics" | "repository-change";
    }
  | { readonly kind: "repository-index" }
  | ({ readonly kind: "model" | "model-ready" } & ModelPlace)
  | ({ readonly kind: "infer" } & ModelPlace)
  | ({ readonly kind: "feedback" } & ModelPlace);

interface ModelPlace {
  readonly model: string;
  readonly version: string | undefined;
}

/** How each is asked. */
export const methodOf: Readonly<Record<Route["kind"], "GET" | "POST">> = {
  server: "GET",
  live: "GET",
  ready: "GET",
  status: "GET",
  metrics: "GET",
  model: "GET",
  "model-ready": "GET",
  infer: "POST",
  feedback: "POST",
  "repository-index": "POST",
  "repository-change": "POST",
};

const fixed: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/v2", { kind: "server" }],
  ["/v2/health/live", { kind: "live" }],
  ["/v2/health/ready", { kind: "ready" }],
  ["/v2/modelfleet/status", { kind: "status" }],
  ["/v2/repository/index", { kind: "repository-index" }],
  ["/metrics", { kind: "metrics" }],
]);

const modelPath = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer|feedback))?$/;
const modelKinds: ReadonlyMap<string, "infer" | "model-ready" | "feedback"> = new Map([
  ["infer", "infer"],
  ["ready", "model-ready"],
  ["feedback", "feedback"],
]);
const changePath = /^\/v2\/repository\/models\/[^/]+\/(?:load|unload)$/;

/** @returns undefined for a path that means nothing here */
export function parseRoute(path: string): Route | undefined {
  const known = fixed.get(path);
  if (known !== undefined) return known;
  if (changePath.test(path)) return { kind: "repository-change" };
  const match = modelPath.exec(path);
  const [model, version] = [decoded(match?.[1]), decoded(match?.[2])];
  if (match === null || model === undefined || (match[2] !== undefined && version === undefined)) {
    return undefined;
  }
  return { kind: modelKinds.get(match[3] ?? "") ?? "model", model, version };
}

/** undefined also when it is not a valid percent encoding. */
function decoded(part: string | undefined): string | undefined {
  try {
    return part === undefined ? undefined : decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
