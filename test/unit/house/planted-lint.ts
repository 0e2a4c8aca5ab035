/** Code that the linter must refuse, by room and by the one rule that names it. */
export type PlantedCode = {
  readonly rule: string;
  readonly room: string;
  readonly text: string;
};

const DOMAIN = "agent/src/domain";
const ADAPTER = "agent/src/adapters/http-client";
const lines = (count: number, line: string) => `${line}\n`.repeat(count);

export const plantedCode: readonly PlantedCode[] = [
  plant("no-restricted-properties", DOMAIN, "export const startedAtMs = Date.now();\n"),
  plant("no-restricted-properties", "protocol/src/trust", "export const { now } = Date;\n"),
  plant(
    "no-restricted-properties",
    "controller/src/domain",
    "export const dice = Math.random();\n",
  ),
  plant("no-restricted-properties", ADAPTER, "export const dice = Math.random();\n"),
  plant("no-restricted-syntax", DOMAIN, "export const today = new Date();\n"),
  plant("no-restricted-globals", ADAPTER, "export const { pid } = process;\n"),
  plant("no-restricted-globals", "controller/cli", "export const { argv } = process;\n"),
  plant("no-restricted-imports", ADAPTER, 'export { pid } from "node:process";\n'),
  plant("no-restricted-syntax", DOMAIN, "const one = 1;\nexport default one;\n"),
  plant("no-restricted-syntax", "test/support", "const one = 1;\nexport default one;\n"),
  plant("no-restricted-syntax", DOMAIN, 'export enum State {\n  On = "on",\n}\n'),
  plant("@typescript-eslint/no-explicit-any", DOMAIN, "export type Anything = any;\n"),
  plant(
    "@typescript-eslint/no-non-null-assertion",
    DOMAIN,
    "export const first = (list: readonly number[]) => list[0]!;\n",
  ),
  plant(
    "@typescript-eslint/no-non-null-assertion",
    "test/support",
    "export const first = (list: readonly number[]) => list[0]!;\n",
  ),
  plant(
    "@typescript-eslint/switch-exhaustiveness-check",
    DOMAIN,
    [
      'type Light = { readonly kind: "red" } | { readonly kind: "green" };',
      "export function go(light: Light): boolean {",
      "  switch (light.kind) {",
      '    case "green":',
      "      return true;",
      "  }",
      "  return false;",
      "}",
      "",
    ].join("\n"),
  ),
  plant(
    "no-empty",
    DOMAIN,
    "export function quiet(run: () => void): void {\n  try {\n    run();\n  } catch {}\n}\n",
  ),
  plant(
    "@typescript-eslint/no-floating-promises",
    ADAPTER,
    "export function forget(work: () => Promise<void>): void {\n  work();\n}\n",
  ),
  plant(
    "@typescript-eslint/consistent-type-imports",
    DOMAIN,
    'import { DeviceFacts } from "@modelfleet/protocol";\nexport type Facts = DeviceFacts;\n',
  ),
  plant(
    "max-params",
    DOMAIN,
    "export const sum = (a: number, b: number, c: number, d: number, e: number) => a + b + c + d + e;\n",
  ),
  plant(
    "max-lines-per-function",
    DOMAIN,
    `export function long(): number {\n  let sum = 0;\n${lines(70, "  sum += 1;")}  return sum;\n}\n`,
  ),
  plant("max-lines", DOMAIN, lines(301, "export {};")),
];

/** The same code where it belongs: the neighbours that must pass. */
export const allowedCode: readonly Omit<PlantedCode, "rule">[] = [
  { room: "agent/src/adapters/clock", text: "export const nowMs = () => Date.now();\n" },
  { room: "agent/src/adapters/clock", text: "export const dice = () => Math.random();\n" },
  { room: "controller/cli/main.ts", text: "export const { pid } = process;\n" },
  { room: "test/support", text: "export const nowMs = () => Date.now();\n" },
  { room: "vitest.config.ts", text: "export default {};\n" },
  { room: DOMAIN, text: "export const moment = (atMs: number) => new Date(atMs);\n" },
];

function plant(rule: string, room: string, text: string): PlantedCode {
  return { rule, room, text };
}
