import { SetMetadata } from "@nestjs/common";

/** Who may call a route. A route that says nothing is the operator's: denied by default. */
export type Access = "operator" | "device" | "public";

export const ACCESS_KEY = "modelfleet:access";

export const Public = () => SetMetadata(ACCESS_KEY, "public" satisfies Access);
export const ForDevices = () => SetMetadata(ACCESS_KEY, "device" satisfies Access);
