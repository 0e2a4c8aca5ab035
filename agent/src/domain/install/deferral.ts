/** Whether a swap that is due is put off; `untold`: by a decision the controller does not know of yet. */
export type Deferral =
  | { readonly kind: "none" }
  | { readonly kind: "untold" | "told"; readonly waitMs: number };
