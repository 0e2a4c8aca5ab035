import type { UploadPart } from "../app/release/upload.ts";
import type { HttpRequest } from "./exchange.ts";
import { HttpError } from "./problems/http-error.ts";

/**
 * The parts of a multipart upload as they arrive, each a stream that must be read before the next one comes.
 * A stream throws when the sender breaks off.
 *
 * @throws HttpError UPLOAD_EXPECTED | UPLOAD_BROKEN
 */
export async function* uploadParts(request: HttpRequest): AsyncGenerator<UploadPart> {
  if (!request.isMultipart()) {
    throw new HttpError(
      "UPLOAD_EXPECTED",
      'expected multipart/form-data: the part "manifest" first, then each file in a part named by its path',
    );
  }
  try {
    for await (const part of request.parts()) {
      // The server is told to treat every part as a file, so that none is buffered or parsed.
      if (part.type === "file") yield { name: part.fieldname, stream: part.file };
    }
  } catch (cause) {
    throw broken(cause);
  }
}

/** What the parser of the parts says is about the bytes it got; what a use case throws does not pass here. */
function broken(cause: unknown): HttpError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HttpError(
    "UPLOAD_BROKEN",
    `expected a whole multipart upload, got: ${reason.slice(0, 200)}; nothing of it was kept: publish again`,
    { cause },
  );
}
