import { ApiKeyId } from "@modelfleet/protocol";

export interface ApiKeyText {
  readonly id: ApiKeyId;
  /** 256 bits in base64url. */
  readonly secret: string;
}

/** How a key is written: a prefix that scanners for leaked secrets can look for, its id, its secret. */
export function formatApiKey({ id, secret }: ApiKeyText): string {
  return `mfk_${id}_${secret}`;
}

/** @returns undefined when the text is no API key */
export function readApiKey(text: string): ApiKeyText | undefined {
  const [, id, secret] = /^mfk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id: ApiKeyId.parse(id), secret };
}
