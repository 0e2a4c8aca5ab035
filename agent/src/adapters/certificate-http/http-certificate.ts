import { X509Certificate } from "node:crypto";
import { certificateLimits } from "@modelfleet/protocol";
import { DownloadError } from "../../domain/download-error.ts";
import type { CertificateService, DeviceCertificate } from "../../ports/certificate-service.ts";

export interface HttpCertificateOptions {
  readonly controllerUrl: string;
  readonly device: string;
  readonly secret: string;
}

const path = "/v1/device/certificate";

/** `GET /v1/device/certificate` of the controller (protocol.md 7.10). */
export function httpCertificate(options: HttpCertificateOptions): CertificateService {
  return { read, fetch: (signal) => fetchPem(options, signal) };
}

function read(pem: string): DeviceCertificate | undefined {
  try {
    const certificate = new X509Certificate(pem);
    const name: unknown = certificate.toLegacyObject().subject.CN;
    if (typeof name !== "string") return undefined;
    const { kty, crv, x } = certificate.publicKey.export({ format: "jwk" });
    const isEd25519 = kty === "OKP" && crv === "Ed25519" && x !== undefined;
    const publicKey = isEd25519 ? new Uint8Array(Buffer.from(x, "base64url")) : undefined;
    return { pem, name, publicKey, validUntilMs: Date.parse(certificate.validTo) };
  } catch {
    return undefined; // Not a certificate: the caller says where it came from.
  }
}

async function fetchPem(
  { controllerUrl, device, secret }: HttpCertificateOptions,
  stop: AbortSignal,
): Promise<string | undefined> {
  const login = Buffer.from(`${device}:${secret}`, "utf8").toString("base64");
  const signal = AbortSignal.any([stop, AbortSignal.timeout(certificateLimits.fetchMsMax)]);
  try {
    const response = await fetch(new URL(path, controllerUrl), {
      headers: { authorization: `Basic ${login}` },
      // A redirect would carry the device's secret to another place.
      redirect: "error",
      signal,
    });
    const text = await readCapped(response);
    if (response.status === 404) return undefined;
    if (response.ok) return text;
    throw new DownloadError("REFUSED", `${path}: expected a certificate, got ${response.status}`);
  } catch (cause) {
    if (cause instanceof DownloadError) throw cause;
    const came = cause instanceof Error ? cause.message : "no answer";
    throw new DownloadError("UNREACHABLE", `${path}: expected an answer, got ${came}`, { cause });
  }
}

async function readCapped(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  if (response.body === null) return "";
  const body: AsyncIterable<Uint8Array> = response.body;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > certificateLimits.pemBytesMax) {
      const limit = `expected at most ${certificateLimits.pemBytesMax} bytes`;
      throw new DownloadError("REFUSED", `${path}: ${limit}`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
