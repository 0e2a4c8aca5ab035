import { httpCertificate } from "./adapters/http-client/http-certificate.ts";
import type { BrokerAccess } from "./adapters/mqtt-bus/connection.ts";
import { CertificateKeeper } from "./app/certificate-keeper.ts";
import type { AgentConfig } from "./config.ts";
import { keyPem } from "./mqtt-tls.ts";
import type { DataFolder } from "./open-data-folder.ts";
import type { Clock } from "./ports/clock.ts";
import type { Log } from "./ports/log.ts";

export interface BrokerLogin {
  readonly access: BrokerAccess;
  /** Sees to it that there is a certificate, until the signal aborts. */
  readonly keep: (signal: AbortSignal) => Promise<void>;
}

/** How this device logs in to its broker: by secret, and inside TLS by its certificate as well where it has one. */
export function brokerLogin(
  folder: DataFolder,
  mqttTls: AgentConfig["mqttTls"],
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): BrokerLogin {
  const { enrolment, identity, seed, signer } = folder;
  const { brokerUrl, device, secret } = enrolment;
  const { publicKey } = signer;
  const service = httpCertificate(enrolment);
  const keeper = new CertificateKeeper({ identity, service, clock, log, publicKey }, enrolment);
  const ca = mqttTls?.ca;
  const key = keyPem(seed);
  const own = () => mqttTls?.own ?? { cert: keeper.current(), key };
  const isOurs = brokerUrl.startsWith("mqtts:") && mqttTls?.own === undefined;
  return {
    access: { brokerUrl, device, secret, tls: () => ({ ca, ...own() }) },
    keep: (signal) => (isOurs ? keeper.run(signal) : aborted(signal)),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
