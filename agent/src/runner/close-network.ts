/** Ways out that JavaScript has without a module; a runner has no use for any, and no model may find one. */
const ways = ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"];

/** Takes them away, for this process is the runner's own. */
export function closeNetwork(): void {
  for (const way of ways) Reflect.deleteProperty(globalThis, way);
}
