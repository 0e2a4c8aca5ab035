import type { CaptureConsent } from "../domain/capture/consent.ts";
import type { DayLedger } from "../domain/capture/day-ledger.ts";

/** One captured request on disk, sealed. */
export interface StoredCapture {
  readonly policy: string;
  /** See `captureName`. */
  readonly name: string;
}

/** Where captured requests lie, what the people of the device allow, and what was written today. */
export interface CaptureStore {
  /** null: none was given, or it cannot be understood. @throws StoreError when it is not known */
  readonly consent: () => Promise<CaptureConsent | null>;
  /** @throws StoreError; then nothing has changed */
  readonly keepConsent: (consent: CaptureConsent) => Promise<void>;
  /** @throws StoreError; no error when there is none */
  readonly removeConsent: () => Promise<void>;
  /** null: it is damaged. @throws StoreError */
  readonly ledger: () => Promise<DayLedger | null>;
  /** @throws StoreError */
  readonly keepLedger: (ledger: DayLedger) => Promise<void>;
  /** @throws StoreError; then there is no such file */
  readonly put: (capture: StoredCapture, bytes: Uint8Array) => Promise<void>;
  /** @throws StoreError */
  readonly list: () => Promise<readonly StoredCapture[]>;
  /** No error when it is gone. @throws StoreError */
  readonly remove: (capture: StoredCapture) => Promise<void>;
  /** @throws StoreError */
  readonly freeBytes: () => Promise<number>;
}
