import { apiLimits, checkAgainst, jsonPointer, membersOf } from "@modelfleet/protocol";
import { StandardSchemaValidationPipe } from "@nestjs/common";
import * as z from "zod";
import { RequestInvalid } from "./http-error.ts";

/** Checks every body, query and parameter against the schema it is declared with, and says in our words what is wrong. */
export function requestValidation(): StandardSchemaValidationPipe {
  return new RequestValidation();
}

class RequestValidation extends StandardSchemaValidationPipe {
  protected override async validate<T = unknown>(
    ...[value, schema, options]: Parameters<StandardSchemaValidationPipe["validate"]>
  ) {
    const result = await super.validate<T>(value, schema, options);
    if (result.issues === undefined) return result;
    throw refused(value, schema);
  }
}

/** A query and a path are never nothing. */
function refused(value: unknown, schema: unknown): RequestInvalid {
  if (!(schema instanceof z.ZodType)) throw new RangeError("expected a schema of the protocol");
  if (value === undefined) return noBody(schema);
  const answer = checkAgainst(schema, value);
  const faults = answer.kind === "unfit" ? answer.faults : [];
  return new RequestInvalid(
    faults.slice(0, apiLimits.issuesMax).map(({ path, reason }) => ({
      pointer: jsonPointer(path.map((part) => String(part).slice(0, 64))),
      detail: reason.slice(0, 512),
    })),
  );
}

function noBody(schema: z.ZodType): RequestInvalid {
  const members = membersOf(schema, []).join(", ");
  const wanted = members === "" ? "" : `, an object with ${members}`;
  const detail = `expected a body of JSON${wanted}; got none: send one, with content-type: application/json`;
  return new RequestInvalid([{ pointer: "", detail: detail.slice(0, 512) }]);
}
