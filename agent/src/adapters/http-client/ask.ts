import { blobLimits, isCodedError } from "@modelfleet/protocol";
import { DownloadError } from "../../domain/download-error.ts";
import type { Clock } from "../../ports/clock.ts";
import { type HttpAnswer, isSuccess, reasonOf, sendRequest } from "./send-request.ts";

export interface HttpAccess {
  /** Like `https://fleet.example.com`; a path at its end is kept. */
  readonly baseUrl: string;
  /** null where the device must not show its secret. */
  readonly login: { readonly device: string; readonly secret: string } | null;
  readonly clock: Clock;
  readonly stallMsMax?: number;
  readonly rateWindowMs?: number;
}

export interface Question {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** 404 is an answer too, and nothing is read. */
  readonly mayBeAbsent?: boolean;
}

export interface Reader {
  /** Before the first piece. */
  readonly begin: (answer: HttpAnswer) => Promise<void>;
  readonly piece: (bytes: Uint8Array) => Promise<void>;
}

/**
 * One GET, read piece by piece; given up when nothing arrives for `stallMsMax`, or too little in `rateWindowMs`.
 *
 * @returns whether there was anything; false only for what may be absent
 * @throws DownloadError REFUSED for an answer that will be the same tomorrow, UNREACHABLE for one that may change,
 *   SLOW for bytes that drip
 */
export async function ask(
  access: HttpAccess,
  question: Question,
  reader: Reader,
): Promise<boolean> {
  const stall = stallTimer(access.stallMsMax ?? blobLimits.downloadStallMsMax);
  const rate = rateMeter(access.clock, access.rateWindowMs ?? blobLimits.downloadRateWindowMs);
  const signal = AbortSignal.any([question.signal, stall.signal]);
  try {
    const url = new URL(`${access.baseUrl.replace(/\/$/, "")}${question.path}`);
    const headers = { ...question.headers, ...credentialOf(access) };
    const answer = await sendRequest(url, { headers, signal });
    try {
      if (answer.statusCode === 404 && question.mayBeAbsent === true) return false;
      requireSuccess(answer, question.path);
      await reader.begin(answer);
      await readBody(answer, reader, { stall, rate });
      return true;
    } finally {
      answer.destroy();
    }
  } catch (cause) {
    question.signal.throwIfAborted();
    if (isCodedError(cause) || cause instanceof RangeError) throw cause;
    const came = stall.signal.aborted ? "silence" : reasonOf(cause);
    const message = `expected ${question.path} from ${access.baseUrl}, got ${came}`;
    throw new DownloadError("UNREACHABLE", message, { cause });
  } finally {
    stall.end();
  }
}

interface Patience {
  readonly stall: StallTimer;
  readonly rate: RateMeter;
}

async function readBody(
  answer: HttpAnswer,
  reader: Reader,
  { stall, rate }: Patience,
): Promise<void> {
  const pieces: AsyncIterable<Uint8Array> = answer;
  for await (const piece of pieces) {
    stall.end();
    rate.arrived(piece.length);
    await reader.piece(piece);
    rate.waiting();
    stall.begin();
  }
}

function requireSuccess(answer: HttpAnswer, path: string): void {
  const { statusCode: status = 0, headers } = answer;
  if (!isSuccess(answer)) {
    const mayChange = status >= 500 || status === 408 || status === 416 || status === 429;
    const message = `expected ${path} from the source, got HTTP status ${status}`;
    throw new DownloadError(mayChange ? "UNREACHABLE" : "REFUSED", message);
  }
  const coding = headers["content-encoding"] ?? "identity";
  if (coding.toLowerCase() === "identity") return;
  throw new DownloadError("REFUSED", `expected ${path} as it is, got it in ${coding}`);
}

interface RateMeter {
  /** @throws DownloadError SLOW when a window of waiting brought too little */
  readonly arrived: (bytes: number) => void;
  /** What our own disk takes does not count against the source. */
  readonly waiting: () => void;
}

/** A source that sends now and then never stalls, and would hold a download open for ever (threats: slow retrieval). */
function rateMeter({ monotonicMs }: Clock, windowMs: number): RateMeter {
  const bytesMin = (blobLimits.downloadBytesPerSecondMin * windowMs) / 1_000;
  let sinceMs = monotonicMs();
  let waitedMs = 0;
  let cameBytes = 0;
  return {
    arrived: (bytes) => {
      waitedMs += monotonicMs() - sinceMs;
      cameBytes += bytes;
      if (waitedMs < windowMs) return;
      if (cameBytes < bytesMin) {
        const expected = `expected ${bytesMin} bytes in ${windowMs} ms`;
        throw new DownloadError("SLOW", `${expected}, got ${cameBytes}`);
      }
      waitedMs = 0;
      cameBytes = 0;
    },
    waiting: () => {
      sinceMs = monotonicMs();
    },
  };
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

function credentialOf({ login }: HttpAccess): Record<string, string> {
  if (login === null) return {};
  const { device, secret } = login;
  return { authorization: `Basic ${Buffer.from(`${device}:${secret}`).toString("base64")}` };
}
