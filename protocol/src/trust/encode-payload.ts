/** The payload bytes of a document: its JSON in UTF-8. They are signed, sent and stored exactly so. */
export function encodePayload(document: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}
