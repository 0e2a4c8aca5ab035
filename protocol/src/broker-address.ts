import { FormatError } from "./errors.ts";

const protocols = ["mqtt", "mqtts", "ws", "wss"] as const;

/** Where a broker is, as MQTT.js takes it in place of a URL, which it would hand to the deprecated `url.parse`. */
export interface BrokerAddress {
  readonly protocol: (typeof protocols)[number];
  /** An IPv6 address without brackets. */
  readonly host: string;
  /** Left out: that of the protocol. */
  readonly port?: number;
  /** Of a WebSocket, with its query. */
  readonly path?: string;
}

/** @throws FormatError FORMAT when it is no address of a broker */
export function brokerAddress(text: string): BrokerAddress {
  const url = URL.parse(text);
  const protocol = protocols.find((known) => `${known}:` === url?.protocol);
  if (url === null || protocol === undefined || url.hostname === "") {
    throw new FormatError("FORMAT", "expected the address of a broker like mqtts://host:8883");
  }
  const isSocket = protocol === "ws" || protocol === "wss";
  return {
    ...{ protocol, host: url.hostname.replace(/^\[(.*)\]$/, "$1") },
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    ...(isSocket ? { path: `${url.pathname}${url.search}` } : {}),
  };
}
