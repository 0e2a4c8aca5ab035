/** What happened, before it has its place in the chain. Never a secret, never a whole payload. */
export interface AuditEntry {
  readonly atMs: number;
  /** `Principal.id`. */
  readonly actor: string;
  /** `noun.verb` in the past tense, like `claim.created`. */
  readonly action: string;
  /** The thing it happened to: `device:cam-0017`, `release:<sha256>`, `claim:<id>`. */
  readonly subject: string;
  /** Plain facts of the change, before and after where that says more. At most 4 KiB as JSON. */
  readonly detail: Readonly<Record<string, AuditValue>>;
}

export type AuditValue = string | number | boolean | null | readonly string[];
