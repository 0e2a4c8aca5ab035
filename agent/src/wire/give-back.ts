/**
 * Gives the memory of a chunk back at once, where it is a buffer of its own: the chunk is empty from then on.
 *
 * Left to the garbage collector, the 64 KiB pieces a socket is read in cost more than all else that a large tensor
 * does: they lie outside V8's heap, where only a collection of everything finds that they are free.
 *
 * @param chunk of which nobody else has a view: that would be empty, too, and is not noticed here
 */
export function giveBack(chunk: Uint8Array): void {
  const { buffer, byteLength } = chunk;
  if (typeof detach !== "function" || !(buffer instanceof ArrayBuffer)) return;
  if (buffer.byteLength === byteLength) Reflect.apply(detach, buffer, [0]);
}

/** `ArrayBuffer.prototype.transfer`, which Node.js has since 22; before, the collector does it. */
const detach: unknown = Reflect.get(ArrayBuffer.prototype, "transfer");
