import { CodedError } from "@modelfleet/protocol";

/** Somebody asked for a thing that is not there; the message names it and how to find the right name. */
export class NotFoundError extends CodedError<
  | "DEVICE_UNKNOWN"
  | "RELEASE_UNKNOWN"
  | "BLOB_UNKNOWN"
  | "DEPLOYMENT_UNKNOWN"
  | "ROLLOUT_UNKNOWN"
  | "MODEL_UNKNOWN"
  | "API_KEY_UNKNOWN"
  | "ALERT_UNKNOWN"
  | "COHORT_UNKNOWN"
  | "CLAIM_UNKNOWN"
  | "MAINTENANCE_UNKNOWN"
  | "WEBHOOK_UNKNOWN"
  | "DELIVERY_UNKNOWN"
> {}

/** An enrolment that is not granted (protocol.md 7). */
export class EnrolError extends CodedError<
  | "CLAIM_REFUSED"
  | "CLAIM_USED"
  | "CLAIM_EXPIRED"
  | "CLAIM_REVOKED"
  | "CLAIM_REPLAYED"
  | "CLASS_MISMATCH"
  | "NAME_MISMATCH"
  | "DEVICE_TAKEN"
  | "KEY_REVOKED"
  | "ENROL_INVALID"
  | "ENROLMENTS_TOO_MANY"
> {}

/** A device that is not what an operator took it for; nothing has changed. */
export class DeviceStateError extends CodedError<
  "DEVICE_REVOKED" | "DEVICE_PENDING" | "DEVICE_NOT_PENDING" | "FINGERPRINT_MISMATCH"
> {}

/** A release that is not accepted; nothing of its upload stays. */
export class PublishError extends CodedError<
  | "MANIFEST"
  | "ENVELOPE"
  | "FILES"
  | "SIZE"
  | "TRUNCATED"
  | "MODEL_FORMAT"
  | "GOLDEN"
  | "PROFILE"
  | "CONFLICT"
> {}

/** A bundle that was not made. */
export class BundleError extends CodedError<"HELLO_REFUSED"> {}

/** A deployment that was not made; no device's desired state has changed. */
export class DeployError extends CodedError<"SELECTION_EMPTY" | "MODELS_TOO_MANY" | "BUSY"> {}

/** A rollout that was not made, or a word about one that its state does not allow; nothing has changed. */
export class RolloutError extends CodedError<
  | "PLAN_INVALID"
  | "SELECTOR_INVALID"
  | "TARGET_EMPTY"
  | "CONFLICT"
  | "POISONED"
  | "ROLLOUT_STATE"
  | "STALE"
  | "KEY_REUSED"
  | "BUSY"
> {}

/** A plan that says what cannot be; each error points to its place in the plan. */
export class PlanInvalid extends RolloutError {
  readonly errors: readonly PlanFault[];

  constructor(errors: readonly PlanFault[]) {
    const [first] = errors;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
    super(
      "PLAN_INVALID",
      first === undefined ? "expected another plan" : `${first.pointer}: ${first.detail}${more}`,
    );
    this.errors = errors;
  }
}

/** `pointer` is a JSON pointer (RFC 6901) into the plan. */
export interface PlanFault {
  readonly pointer: string;
  readonly detail: string;
}

/** A reference profile that was not learnt; the message says what there is, and what it takes. */
export class LearningError extends CodedError<
  | "LEARNING_PROFILE"
  | "LEARNING_WINDOWS"
  | "LEARNING_ITEMS"
  | "LEARNING_PRIVACY"
  | "LEARNING_NOTHING"
> {}

/** A word on an alert that its state does not allow; nothing has changed. */
export class AlertError extends CodedError<"ALERT_STATE" | "STALE" | "BUSY"> {}

/** A maintenance that was not announced. */
export class MaintenanceError extends CodedError<"MAINTENANCE_TIME" | "MAINTENANCE_TOO_MUCH"> {}

/** A device's message that was not taken in. */
export class MessageRefused extends CodedError<
  "FORMAT" | "FOREIGN_DEVICE" | "DEVICE_UNKNOWN" | "DEVICE_REVOKED" | "EARLIER_MISSING" | "BUSY"
> {}

/** What was accepted could not be kept: the disk is full, or its file is damaged. Nothing half stays. */
export class StoreError extends CodedError<"NO_SPACE" | "STORE_FAILED"> {}

/** A caller who may not do this, or not alone. */
export class AccessError extends CodedError<
  | "NOT_PERMITTED"
  | "SECOND_PERSON_REQUIRED"
  | "AWAITING_APPROVAL"
  | "API_KEYS_TOO_MANY"
  | "LOGIN_UNAVAILABLE"
> {}

/** A key that is missing or unusable; the message says how to get it. */
export class KeyError extends CodedError<
  | "NO_RELEASE_KEY"
  | "ONLINE_KEY_MISSING"
  | "KEY_MISSING"
  | "KEY_INVALID"
  | "KEY_LOCKED"
  | "SIGNING_FAILED"
> {}

/** A webhook that was not made. */
export class WebhookError extends CodedError<"WEBHOOKS_TOO_MANY" | "WEBHOOK_ADDRESS"> {}

/** Client certificates are not made here. */
export class CertificateError extends CodedError<"NO_AUTHORITY"> {}

/** A root that cannot be made, or is not taken; the newest root stays in force. */
export class RootError extends CodedError<
  "ROOT_DRAFT" | "THRESHOLD_UNREACHABLE" | "ROOT_REFUSED" | "ROOT_EXPIRED"
> {}
