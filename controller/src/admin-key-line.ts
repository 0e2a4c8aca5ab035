import { type ApiKeyCreated, formatTimestamp } from "@modelfleet/protocol";

/** For a person at the terminal; the log never has a key. */
export function adminKeyLine({ key, secret }: ApiKeyCreated): string {
  const day = formatTimestamp(key.expiresAtMs).slice(0, 10);
  return `Admin key, shown this once and good until ${day}: ${secret} (put it into MODELFLEET_API_KEY and make keys for people with: modelfleet api-key create)\n`;
}
