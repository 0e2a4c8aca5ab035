import fc from "fast-check";
import type {
  SelectGroup,
  Selector,
  SelectorSubject,
  SelectTerm,
} from "../../../../../../controller/src/domain/rollout/selection/selector.ts";

const field = fc.constantFrom("site", "class", "agent", "label.online", "model.main", "rack.row");
const word = fc.stringMatching(/^[a-c1.@]{1,4}$/);
/** Words of few letters, so that they meet; and anything that can stand between quotes. */
export const anyValue = fc.oneof(
  { weight: 4, arbitrary: word },
  fc.string({ unit: "grapheme", maxLength: 6 }).filter((text) => !/\p{Cc}/u.test(text)),
);

const pieces = fc.oneof(
  fc.array(fc.oneof(word, fc.constant("")), { minLength: 2, maxLength: 4 }),
  fc.tuple(anyValue),
);

const anyTerm: fc.Arbitrary<SelectTerm> = fc.oneof(
  fc.record({ kind: fc.constant("equals" as const), field, negated: fc.boolean(), pieces }),
  fc.record({
    kind: fc.constant("in" as const),
    field,
    negated: fc.boolean(),
    values: fc.array(anyValue, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant("order" as const),
    field,
    by: fc.constantFrom("<" as const, "<=" as const, ">" as const, ">=" as const),
    value: fc.constantFrom("1", "-1.5", "1.2", "1.2.3", "1.2.3-rc.1", "v2.0"),
  }),
);

/** In the form the parser makes: a group has at least two parts, and none of its own kind. */
export const anySelector: fc.Arbitrary<Selector> = fc.oneof(
  fc.constant({ kind: "all" as const }),
  anyTerm,
  anyGroup("or", 3),
  anyGroup("and", 3),
);

function anyGroup(kind: "and" | "or", depth: number): fc.Arbitrary<SelectGroup> {
  const other = kind === "or" ? "and" : "or";
  const part = depth === 1 ? anyTerm : fc.oneof(anyTerm, anyGroup(other, depth - 1));
  return fc.record({
    kind: fc.constant(kind),
    parts: fc.array(part, { minLength: 2, maxLength: 3 }),
  });
}

export const anySubject: fc.Arbitrary<SelectorSubject> = fc
  .dictionary(
    field,
    fc.oneof(anyValue, fc.integer({ min: -3, max: 3 }), fc.constantFrom("1.2.3", "1.10", "2.0.0")),
  )
  .map((values) => (name) => (Object.hasOwn(values, name) ? values[name] : undefined));
