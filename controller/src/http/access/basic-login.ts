import { apiLimits } from "@modelfleet/protocol";

/** Name and secret of an HTTP Basic `Authorization` (RFC 7617); undefined when there is none. */
export function basicLogin(
  authorization: string | undefined,
): { readonly name: string; readonly secret: string } | undefined {
  const [scheme, encoded, ...rest] = (authorization ?? "")
    .slice(0, apiLimits.loginLengthMax)
    .split(" ");
  if (scheme?.toLowerCase() !== "basic" || encoded === undefined || rest.length > 0)
    return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { name: text.slice(0, colon), secret: text.slice(colon + 1) };
}
