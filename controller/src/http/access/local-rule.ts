export interface LocalRule {
  /** Development: whoever sits at this machine is the operator. */
  readonly isDev: boolean;
}

export type LocalVerdict = "granted" | "key-required" | "foreign-origin";

/**
 * Whether a request without a key comes from the operator of a controller in development: only from this machine, to a
 * name of this machine (a page of another name that resolves to 127.0.0.1 keeps its own in `Host`), not on behalf of
 * another site's page (`Origin`), and not through a proxy, behind which anybody may sit.
 */
export function judgeLocal(request: LocalRequest, { isDev }: LocalRule): LocalVerdict {
  const { authorization, host, forwarded } = request.headers;
  if (!isDev || authorization !== undefined) return "key-required";
  if (!isLoopbackAddress(request.raw.socket.remoteAddress)) return "key-required";
  if (forwarded !== undefined || request.headers["x-forwarded-for"] !== undefined)
    return "key-required";
  if (!isLoopbackHost(host)) return "foreign-origin";
  return isOwnOrigin(request.headers) ? "granted" : "foreign-origin";
}

export interface LocalRequest {
  readonly headers: {
    readonly authorization?: string | undefined;
    readonly forwarded?: string | undefined;
    readonly host?: string | undefined;
    readonly origin?: string | undefined;
    readonly "x-forwarded-for"?: string | readonly string[] | undefined;
  };
  readonly raw: { readonly socket: { readonly remoteAddress?: string | undefined } };
}

export function isLoopbackAddress(address: string | undefined): boolean {
  return (
    address !== undefined && /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/.test(address)
  );
}

function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(host);
}

function isOwnOrigin({ origin, host }: LocalRequest["headers"]): boolean {
  return origin === undefined || origin === `http://${host ?? ""}`;
}
