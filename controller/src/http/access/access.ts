import { SetMetadata } from "@nestjs/common";
import type { Action } from "../../domain/access/actions.ts";

/** Who may call a route. A route that says nothing is nobody's: denied by default. */
export type Access =
  | { readonly kind: "public" }
  | { readonly kind: "device" }
  | { readonly kind: "operator"; readonly action: Action };

export const ACCESS_KEY = "modelfleet:access";

export const Public = () => declared({ kind: "public" });
export const ForDevices = () => declared({ kind: "device" });
/** For callers who hold this right over something; over what, the use case checks. */
export const Needs = (action: Action) => declared({ kind: "operator", action });

const declared = (access: Access) => SetMetadata(ACCESS_KEY, access);
