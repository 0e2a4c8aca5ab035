import type { HttpReply, HttpRequest } from "../exchange.ts";

/** RFC 8288: where the next page is; nothing on the last one. */
export function linkNext(
  { url }: Pick<HttpRequest, "url">,
  reply: HttpReply,
  next: string | null,
): void {
  if (next === null) return;
  const [path = "", query = ""] = url.split("?");
  const asked = new URLSearchParams(query);
  asked.set("cursor", next);
  reply.headers({ link: `<${path}?${asked.toString()}>; rel="next"` });
}

/**
 * The members of each that somebody asked for, and always its id.
 *
 * @param fields names with commas between; undefined: all. A name that no member has is nobody's
 */
export function withFields<Shown extends { readonly id: string }>(
  shown: readonly Shown[],
  fields: string | undefined,
): Shown[] {
  if (fields === undefined) return [...shown];
  const wanted = new Set(["id", ...fields.split(",").map((name) => name.trim())]);
  return shown.map(
    (one) => Object.fromEntries(Object.entries(one).filter(([name]) => wanted.has(name))) as Shown,
  );
}
