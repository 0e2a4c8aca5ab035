import { isCodedError } from "@modelfleet/protocol";

/** The code and sentence of the coded error it rejects with. A promise that is kept is a failure. */
export async function refused(task: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await task;
  } catch (error) {
    if (isCodedError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("expected a coded error, the promise was kept");
}
