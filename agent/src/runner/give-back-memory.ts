/**
 * Gives back what starting took and serving does not need: code that ran once, and the rest of what was read. Left to
 * itself, V8 waits for a heap to grow which never does here. Nobody waits for an inference when this is called.
 *
 * Without Node's flag `--expose-gc` it does nothing.
 */
export function giveBackMemory(): void {
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}
