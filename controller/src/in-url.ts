/** An IPv6 address stands in brackets there. */
export function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
