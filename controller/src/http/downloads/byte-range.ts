export type RequestedRange =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly fromByte: number; readonly untilByte: number }
  | { readonly kind: "unsatisfiable" };

export interface RangeRequest {
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly etag: string;
  readonly sizeBytes: number;
}

const whole = { kind: "whole" } as const;

/**
 * Which bytes a request asks for (RFC 9110, 14.2 and 13.1.5): one range of bytes. Several ranges, another unit, or
 * an `If-Range` that names another content are answered with the whole.
 */
export function requestedRange(request: RangeRequest): RequestedRange {
  const { range, ifRange, etag, sizeBytes } = request;
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return whole;
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.trim());
  if (match === null) return whole;
  const [, first = "", last = ""] = match;
  if (first === "") return last === "" ? whole : suffix(Number(last), sizeBytes);
  const fromByte = Number(first);
  if (last !== "" && Number(last) < fromByte) return whole;
  if (fromByte >= sizeBytes) return { kind: "unsatisfiable" };
  const untilByte = last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  return { kind: "part", fromByte, untilByte };
}

function suffix(lengthBytes: number, sizeBytes: number): RequestedRange {
  if (lengthBytes === 0 || sizeBytes === 0) return { kind: "unsatisfiable" };
  return { kind: "part", fromByte: Math.max(0, sizeBytes - lengthBytes), untilByte: sizeBytes };
}
