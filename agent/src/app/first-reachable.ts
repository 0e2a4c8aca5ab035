import { EnrolError } from "../domain/enrol-error.ts";
import type { EnrolmentService } from "../ports/enrolment-service.ts";

/** Asks by the first way; by the second only where nobody answers on the first. A refusal is an answer. */
export function firstReachable(
  first: EnrolmentService,
  second: EnrolmentService,
): EnrolmentService {
  return {
    ask: async (places, request) => {
      try {
        return await first.ask(places, request);
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        return askElsewhere(second.ask(places, request), error);
      }
    },
  };
}

/** When nobody is there either, the first way is the one to be mended. */
async function askElsewhere<T>(asked: Promise<T>, before: EnrolError): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    throw new EnrolError("UNREACHABLE", `${before.message}; and over MQTT: ${error.message}`, {
      cause: error,
    });
  }
}

function isUnreachable(error: unknown): error is EnrolError {
  return error instanceof EnrolError && error.code === "UNREACHABLE";
}
