import { lookup as resolveName } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * Addresses that mean this machine, its neighbours or nobody (RFC 6890, RFC 4193, RFC 4291), and those that hide an IPv4
 * address in another way than `unmapped` reads: 6to4, Teredo, IPv4-compatible.
 */
const inner = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15"],
  "192.88.99.0/24",
  ...["198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
  ...["::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32"],
  ...["2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"],
];

export interface PermittedAddresses {
  /** Why a connection to this address is not made; undefined where it may be. */
  readonly refusal: (address: string, isEncrypted: boolean) => string | undefined;
  /** For a connection to a name: every address it stands for at that very moment is looked at. */
  readonly lookup: (isEncrypted: boolean) => LookupFunction;
}

/**
 * Whoever may set up a webhook must not reach through the controller what only the controller can reach.
 *
 * 1. To public addresses: over TLS only.
 * 2. To this machine and to private networks: only where a network the operator has named covers the address, and there
 *    without TLS too.
 * 3. What counts is the address that is connected to, not the name: a name may stand for another one at any time.
 *
 * @param networks like 192.168.10.0/24, or single addresses; checked already
 */
export function permittedAddresses(networks: readonly string[]): PermittedAddresses {
  const [own, closed] = [blockList(networks), blockList(inner)];
  const refusal = (given: string, isEncrypted: boolean): string | undefined => {
    const address = unmapped(given);
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (own.check(address, family)) return undefined;
    if (closed.check(address, family)) {
      return `${address} is no public address: name its network with --webhook-network if it may be written to`;
    }
    return isEncrypted ? undefined : `${address} is public, and there only https goes`;
  };
  const lookup =
    (isEncrypted: boolean): LookupFunction =>
    (name, options, answer) => {
      resolveName(name, { ...options, all: true }, (error, addresses) => {
        const [first] = addresses;
        const reason = addresses
          .map(({ address }) => refusal(address, isEncrypted))
          .find((refused) => refused !== undefined);
        const failure = error ?? (reason === undefined ? null : new Error(reason));
        if (failure !== null || first === undefined) {
          answer(failure ?? new Error(`${name} has no address`), "");
        } else if (options.all === true) answer(null, addresses);
        else answer(null, first.address, first.family);
      });
    };
  return { refusal, lookup };
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/**
 * `::ffff:127.0.0.1` is 127.0.0.1, also written in hexadecimal, as `URL` does; and so is `64:ff9b::7f00:1`, behind a
 * gateway from IPv6 to IPv4 (RFC 6052).
 */
function unmapped(address: string): string {
  const inside = /^(?:::ffff:|64:ff9b::)(.+)$/i.exec(address)?.[1] ?? "";
  if (isIP(inside) === 4) return inside;
  const [, high, low] = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(inside) ?? [];
  if (high === undefined || low === undefined) return address;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join(".");
}
