/** How the controller shows a broker who it is; all in PEM. */
export interface BrokerLogin {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface BrokerAccess {
  readonly url: string;
  /** Authorities of the broker's certificate, PEM, in place of the usual ones. */
  readonly ca: string | undefined;
  /** Asked anew for each connection: a certificate runs out while the controller runs. */
  readonly login: () => Promise<BrokerLogin>;
}
