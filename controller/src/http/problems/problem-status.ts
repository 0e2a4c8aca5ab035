import type { FormatError } from "@modelfleet/protocol";
import type {
  AccessError,
  AlertError,
  BundleError,
  CertificateError,
  DeployError,
  DeviceStateError,
  EnrolError,
  KeyError,
  LearningError,
  MaintenanceError,
  NotFoundError,
  PublishError,
  RolloutError,
  RootError,
  StoreError,
  WebhookError,
} from "../../domain/errors.ts";
import type { HttpError } from "./http-error.ts";

type Code = (
  | AccessError
  | AlertError
  | BundleError
  | CertificateError
  | DeployError
  | DeviceStateError
  | EnrolError
  | FormatError
  | HttpError
  | KeyError
  | LearningError
  | MaintenanceError
  | NotFoundError
  | PublishError
  | RolloutError
  | RootError
  | StoreError
  | WebhookError
)["code"];

/** The only place where the codes of the domain meet the numbers of HTTP. A new code does not compile without one. */
const statuses = {
  ALERT_UNKNOWN: 404,
  COHORT_UNKNOWN: 404,
  DEVICE_UNKNOWN: 404,
  RELEASE_UNKNOWN: 404,
  BLOB_UNKNOWN: 404,
  DEPLOYMENT_UNKNOWN: 404,
  ROLLOUT_UNKNOWN: 404,
  MODEL_UNKNOWN: 404,
  ROOT_UNKNOWN: 404,
  NO_AUTHORITY: 404,
  API_KEY_UNKNOWN: 404,
  CLAIM_UNKNOWN: 404,
  MAINTENANCE_UNKNOWN: 404,
  WEBHOOK_UNKNOWN: 404,
  DELIVERY_UNKNOWN: 404,

  CLAIM_REFUSED: 403,
  CLAIM_USED: 403,
  CLAIM_EXPIRED: 403,
  CLAIM_REVOKED: 403,
  CLAIM_REPLAYED: 403,
  CLASS_MISMATCH: 403,
  NAME_MISMATCH: 403,
  KEY_REVOKED: 403,
  FOREIGN_ORIGIN: 403,
  NOT_PERMITTED: 403,
  SECOND_PERSON_REQUIRED: 403,

  OPERATOR_KEY_REQUIRED: 401,
  DEVICE_LOGIN_REQUIRED: 401,

  FORMAT: 400,
  ENROL_INVALID: 400,
  REQUEST_INVALID: 400,
  TRUNCATED: 400,
  UPLOAD_BROKEN: 400,

  STALE: 412,
  SIZE: 413,
  UPLOAD_EXPECTED: 415,
  RANGE_NOT_SATISFIABLE: 416,

  MANIFEST: 422,
  ENVELOPE: 422,
  FILES: 422,
  MODEL_FORMAT: 422,
  GOLDEN: 422,
  PROFILE: 422,
  HELLO_REFUSED: 422,
  SELECTION_EMPTY: 422,
  MODELS_TOO_MANY: 422,
  PLAN_INVALID: 422,
  SELECTOR_INVALID: 422,
  TARGET_EMPTY: 422,
  MAINTENANCE_TIME: 422,
  WEBHOOK_ADDRESS: 422,
  KEY_REUSED: 422,
  ROOT_DRAFT: 422,
  ROOT_REFUSED: 422,
  THRESHOLD_UNREACHABLE: 422,

  CONFLICT: 409,
  AWAITING_APPROVAL: 409,
  POISONED: 409,
  ALERT_STATE: 409,
  ROLLOUT_STATE: 409,
  LEARNING_PROFILE: 409,
  LEARNING_WINDOWS: 409,
  LEARNING_ITEMS: 409,
  LEARNING_PRIVACY: 409,
  LEARNING_NOTHING: 409,
  API_KEYS_TOO_MANY: 409,
  MAINTENANCE_TOO_MUCH: 409,
  WEBHOOKS_TOO_MANY: 409,
  DEVICE_TAKEN: 409,
  DEVICE_REVOKED: 409,
  DEVICE_PENDING: 409,
  DEVICE_NOT_PENDING: 409,
  FINGERPRINT_MISMATCH: 409,
  NO_RELEASE_KEY: 409,
  ONLINE_KEY_MISSING: 409,
  ROOT_EXPIRED: 409,

  ENROLMENTS_TOO_MANY: 429,
  REQUESTS_TOO_MANY: 429,
  LOGINS_TOO_MANY: 429,

  KEY_MISSING: 500,
  KEY_INVALID: 500,
  KEY_LOCKED: 500,
  SIGNING_FAILED: 503,
  STORE_FAILED: 500,

  BUSY: 503,
  DOWNLOADS_TOO_MANY: 503,
  STREAMS_TOO_MANY: 503,
  LOGIN_UNAVAILABLE: 503,
  NOT_READY: 503,
  NO_SPACE: 507,
} as const satisfies Readonly<Record<Code, number>>;

/** @returns undefined for a code this table does not know */
export function problemStatus(code: string): number | undefined {
  return Object.hasOwn(statuses, code) ? statuses[code as Code] : undefined;
}
