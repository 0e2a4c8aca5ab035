/** What a path of the Open Inference Protocol v2 means. */
export type Route =
  | { readonly kind: "server" | "live" | "ready" | "status" }
  | {
      readonly kind: "model" | "model-ready" | "infer";
      readonly model: string;
      readonly version: string | undefined;
    };

const fixed: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/v2", { kind: "server" }],
  ["/v2/health/live", { kind: "live" }],
  ["/v2/health/ready", { kind: "ready" }],
  ["/v2/modelfleet/status", { kind: "status" }],
]);

const modelPath = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?$/;

/** @returns undefined for a path that means nothing here */
export function parseRoute(path: string): Route | undefined {
  const known = fixed.get(path);
  if (known !== undefined) return known;
  const match = modelPath.exec(path);
  const [model, version] = [decoded(match?.[1]), decoded(match?.[2])];
  if (match === null || model === undefined || (match[2] !== undefined && version === undefined)) {
    return undefined;
  }
  const kind = match[3] === "infer" ? "infer" : match[3] === "ready" ? "model-ready" : "model";
  return { kind, model, version };
}

/** undefined also when it is not a valid percent encoding. */
function decoded(part: string | undefined): string | undefined {
  try {
    return part === undefined ? undefined : decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
