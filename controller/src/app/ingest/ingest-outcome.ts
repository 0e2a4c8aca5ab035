/** What became of a device's message. A refusal is expected, counted and logged; it is not an error of ours. */
export type IngestOutcome =
  | { readonly kind: "stored" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "refused"; readonly code: string };
