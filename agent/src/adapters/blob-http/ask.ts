import { blobLimits, isCodedError } from "@modelfleet/protocol";
import { DownloadError } from "../../domain/download-error.ts";

export interface HttpAccess {
  /** Like `https://fleet.example.com`; no path. */
  readonly controllerUrl: string;
  readonly device: string;
  readonly secret: string;
  readonly stallMsMax?: number;
}

export interface Question {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface Reader {
  /** Before the first piece. */
  readonly begin: (response: Response) => Promise<void>;
  readonly piece: (bytes: Uint8Array) => Promise<void>;
}

/**
 * One GET, read piece by piece; given up when nothing arrives for `stallMsMax`.
 *
 * @throws DownloadError REFUSED for an answer that will be the same tomorrow, UNREACHABLE for one that may change
 */
export async function ask(access: HttpAccess, question: Question, reader: Reader): Promise<void> {
  const stall = stallTimer(access.stallMsMax ?? blobLimits.downloadStallMsMax);
  const signal = AbortSignal.any([question.signal, stall.signal]);
  try {
    const response = await fetch(new URL(question.path, access.controllerUrl), {
      // The bytes as they are: ranges and sizes count those of the file, not of a compression on the way.
      headers: {
        ...question.headers,
        authorization: basic(access),
        "accept-encoding": "identity",
      },
      // A redirect would carry the device's secret to another place.
      redirect: "error",
      signal,
    });
    await requireSuccess(response, question.path);
    await reader.begin(response);
    await readBody(response, reader, stall);
  } catch (cause) {
    question.signal.throwIfAborted();
    if (isCodedError(cause) || cause instanceof RangeError) throw cause;
    const came = stall.signal.aborted ? "silence" : reasonOf(cause);
    const message = `expected ${question.path} from ${access.controllerUrl}, got ${came}`;
    throw new DownloadError("UNREACHABLE", message, { cause });
  } finally {
    stall.end();
  }
}

async function readBody(response: Response, reader: Reader, stall: StallTimer): Promise<void> {
  if (response.body === null) return;
  const pieces: AsyncIterable<Uint8Array> = response.body;
  for await (const piece of pieces) {
    stall.end();
    await reader.piece(piece);
    stall.begin();
  }
}

async function requireSuccess(response: Response, path: string): Promise<void> {
  if (response.ok) return;
  await response.body?.cancel();
  const { status } = response;
  const mayChange = status >= 500 || status === 408 || status === 416 || status === 429;
  throw new DownloadError(
    mayChange ? "UNREACHABLE" : "REFUSED",
    `expected ${path} from the controller, got HTTP status ${status}`,
  );
}

interface StallTimer {
  readonly signal: AbortSignal;
  readonly begin: () => void;
  readonly end: () => void;
}

function stallTimer(stallMsMax: number): StallTimer {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const end = () => clearTimeout(timer);
  const begin = () => {
    end();
    timer = setTimeout(() => controller.abort(), stallMsMax);
  };
  begin();
  return { signal: controller.signal, begin, end };
}

function basic(access: HttpAccess): string {
  return `Basic ${Buffer.from(`${access.device}:${access.secret}`).toString("base64")}`;
}

/** fetch says only "fetch failed"; its cause says why. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "an unknown failure";
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}
