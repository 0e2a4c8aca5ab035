/** Ids of requests that brought none of their own, each once. */
export type PredictionIds = () => string;

/** @param start random, so that an id of before a restart names nothing after it */
export function predictionIds(start: Uint8Array): PredictionIds {
  const prefix = Array.from(start, (byte) => byte.toString(16).padStart(2, "0")).join("");
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
