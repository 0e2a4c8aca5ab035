/** What is wrong with the values of a feature, the first of these that holds. */
export type QualityFinding =
  /** Neither a number nor there at all, by more than usual. */
  | { readonly fault: "MISSING"; readonly share: number; readonly expectedShare: number }
  /** All the same, where the reference is not; null: under strict privacy nobody knows which. */
  | { readonly fault: "CONSTANT"; readonly value: number | null }
  /** Mean and spread of the reference, times a power of ten. */
  | { readonly fault: "UNIT"; readonly factor: number }
  /** Outside of all that the reference has seen. */
  | { readonly fault: "OUT_OF_RANGE"; readonly share: number };
