import type { RoutedModel, RoutedRequest } from "./routed-model.ts";

/**
 * The request as the model is asked it: what the caller wants first, then what only the observer reads. Else a caller
 * that asks for one output would leave the measurements of the others empty.
 */
export function withObserved(
  request: RoutedRequest,
  model: Pick<RoutedModel, "outputs">,
  observed: readonly string[],
): RoutedRequest {
  const { outputs: wanted = [] } = request;
  // No list is every output.
  if (wanted.length === 0) return request;
  const more = model.outputs
    .map(({ name }) => name)
    .filter((name) => observed.includes(name) && !wanted.includes(name));
  return more.length === 0 ? request : { ...request, outputs: [...wanted, ...more] };
}
