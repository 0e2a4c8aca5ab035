import { X509Certificate } from "node:crypto";
import { certificateLimits } from "@modelfleet/protocol";
import { DownloadError } from "../../domain/download-error.ts";
import type { CertificateService, DeviceCertificate } from "../../ports/certificate-service.ts";
import { readText } from "./read-text.ts";
import { isSuccess, reasonOf, sendRequest } from "./send-request.ts";

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
    const headers = { authorization: `Basic ${login}` };
    const answer = await sendRequest(new URL(path, controllerUrl), { headers, signal });
    const text = await readText(answer, certificateLimits.pemBytesMax, tooLarge);
    if (answer.statusCode === 404) return undefined;
    if (isSuccess(answer)) return text;
    const came = answer.statusCode ?? "none";
    throw new DownloadError("REFUSED", `${path}: expected a certificate, got ${came}`);
  } catch (cause) {
    if (cause instanceof DownloadError) throw cause;
    const text = `${path}: expected an answer, got ${reasonOf(cause)}`;
    throw new DownloadError("UNREACHABLE", text, { cause });
  }
}

function tooLarge(): DownloadError {
  const limit = `expected at most ${certificateLimits.pemBytesMax} bytes`;
  return new DownloadError("REFUSED", `${path}: ${limit}`);
}
