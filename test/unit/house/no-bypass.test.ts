import { expect, test } from "vitest";
import { sourceFiles } from "./source-files.ts";

/** Words with which other programs name a switch that leaves a check out. */
const BYPASS =
  /insecure|unsafe|unsigned|unverified|untrusted|skip|bypass|ignore|disable|force|trust[-_]?all|no[-_]?(?:verify|check|sign|auth)|allow[-_]?(?:unsigned|untrusted|expired|any)/i;

test("F36: no option, environment variable or field of a configuration leaves a check out", () => {
  const programs = sourceFiles().filter(({ path }) =>
    /^(protocol|agent|controller)\/(src|cli)\//.test(path),
  );
  const switches = programs.flatMap(({ path, text }) =>
    switchesIn(text).map((name) => ({ path, name })),
  );

  expect(switches.length).toBeGreaterThan(40);
  expect(switches.filter(({ name }) => BYPASS.test(name))).toEqual([]);
});

test.each([
  '.option("--insecure", "take any certificate")',
  '.option("--skip-signature", "for tests")',
  'env["MODELFLEET_NO_VERIFY"]',
  "readonly allowUnsigned?: boolean;",
  "readonly skipGolden: boolean;",
])("a switch like %s would be found", (text) => {
  expect(switchesIn(text).some((name) => BYPASS.test(name))).toBe(true);
});

/** Names of what a person or a caller can set: flags, environment variables, booleans of options. */
function switchesIn(text: string): string[] {
  const patterns = [
    /[oO]ption\(\s*"(--[a-z][a-z-]*)/g,
    /\benv(?:\.|\[")([A-Za-z_]+)/g,
    /readonly (\w+)\??: boolean\b/g,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = ""]) => name));
}
