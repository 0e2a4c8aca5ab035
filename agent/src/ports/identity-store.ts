import type { EnrolmentRecord } from "../domain/enrolment-record.ts";

/** The device's own key and its membership of a fleet. */
export interface IdentityStore {
  /** The seed of the device's key: the one on disk, or the one `make` gives, which is then on disk. 32 bytes. */
  readonly deviceSeed: (make: () => Uint8Array) => Promise<Uint8Array>;
  /** undefined until the device is enrolled. @throws StoreError when it is there and cannot be read */
  readonly enrolment: () => Promise<Enrolled | undefined>;
  /** Anchor first, record last: a record on disk means that enrolment is complete. */
  readonly keepEnrolment: (enrolled: Enrolled) => Promise<void>;
  /** Of a device that is enrolled; the anchor stays. */
  readonly replaceRecord: (record: EnrolmentRecord) => Promise<void>;
}

export interface Enrolled {
  readonly record: EnrolmentRecord;
  /** Envelope of the pinned root, as received. */
  readonly anchor: Uint8Array;
}
