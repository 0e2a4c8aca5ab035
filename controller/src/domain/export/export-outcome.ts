/** What came of sending figures once; OTLP says of each answer whether it is worth another try. */
export type ExportOutcome =
  | { readonly kind: "taken" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "busy"; readonly reason: string; readonly retryAfterMs: number | null };
