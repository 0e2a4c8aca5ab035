/** An act that is tried again until it has worked once; after that, nothing happens any more. */
export function onceDone(act: () => Promise<void>): () => Promise<void> {
  let isDone = false;
  return async () => {
    if (isDone) return;
    await act();
    isDone = true;
  };
}
