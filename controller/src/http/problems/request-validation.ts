import { apiLimits } from "@modelfleet/protocol";
import { StandardSchemaValidationPipe } from "@nestjs/common";
import { RequestInvalid } from "./http-error.ts";

type Issue = Parameters<
  NonNullable<
    NonNullable<ConstructorParameters<typeof StandardSchemaValidationPipe>[0]>["exceptionFactory"]
  >
>[0][number];

/** Checks every body, query and parameter against the schema it is declared with. */
export function requestValidation(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues) =>
      new RequestInvalid(
        issues.slice(0, apiLimits.issuesMax).map((issue) => ({
          pointer: pointerOf(issue),
          detail: issue.message.slice(0, 512),
        })),
      ),
  });
}

/** RFC 6901. */
function pointerOf({ path = [] }: Issue): string {
  return path
    .map((segment) => String(typeof segment === "object" ? segment.key : segment))
    .map((name) => `/${name.slice(0, 64).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}
