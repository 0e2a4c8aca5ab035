import * as z from "zod";

/** Names of the members that a schema has at a place of its value; none where it does not say. */
export function membersOf(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
): readonly string[] {
  const found = path.reduce<z.core.$ZodType | undefined>(
    (inner, part) => inner && memberOf(inner, part),
    bare(schema),
  );
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function memberOf(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) {
    const member: unknown = Reflect.get(schema.shape, part);
    return member instanceof z.ZodType ? bare(member) : undefined;
  }
  if (schema instanceof z.ZodArray) return bare(schema.element);
  return schema instanceof z.ZodRecord ? bare(schema.valueType) : undefined;
}

/** Without what only says that it may be missing, or what becomes of it. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return bare(schema.unwrap());
  }
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodReadonly) {
    return bare(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? bare(schema.in) : schema;
}
