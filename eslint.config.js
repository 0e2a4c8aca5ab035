import tseslint from "typescript-eslint";

const bannedSyntax = [
  {
    selector: "TSEnumDeclaration",
    message: "A union of literals, not an enum (style: size and shape).",
  },
  {
    selector: "ExportDefaultDeclaration",
    message: "Named exports only (style: size and shape).",
  },
];

const clockSyntax = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: "Time comes from the Clock port (architecture: who may not know whom).",
  },
];

const bannedProperties = [
  {
    object: "Date",
    property: "now",
    message: "Time comes from the Clock port (architecture: who may not know whom).",
  },
  {
    object: "Math",
    property: "random",
    message: "Seeds are arguments; jitter comes from the clock adapter.",
  },
];

export default tseslint.config(
  { ignores: ["**/dist/**", "**/*_pb.ts", "**/*.gen.ts", "**/*.js", "coverage/**"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["vitest.config.ts"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "max-lines": ["error", { max: 300 }],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      "max-params": ["error", { max: 4 }],
      "max-depth": ["error", { max: 3 }],
      eqeqeq: "error",
      "no-empty": ["error", { allowEmptyCatch: false }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-extraneous-class": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-restricted-syntax": ["error", ...bannedSyntax],
    },
  },
  {
    files: ["protocol/src/**", "agent/src/**", "controller/src/**", "controller/cli/**"],
    ignores: ["**/main.ts", "**/adapters/clock/**", "agent/src/runner/**"],
    rules: {
      "no-restricted-properties": ["error", ...bannedProperties],
      "no-restricted-syntax": ["error", ...bannedSyntax, ...clockSyntax],
      "no-restricted-imports": [
        "error",
        { name: "node:process", message: "Only main.ts and the clock adapter touch the process." },
      ],
      "no-restricted-globals": [
        "error",
        { name: "process", message: "Only main.ts and the clock adapter touch the process." },
      ],
    },
  },
  {
    files: ["test/**", "tools/**", "examples/**", "vitest.config.ts"],
    rules: {
      "max-lines-per-function": ["error", { max: 120 }],
    },
  },
  {
    files: ["**/*.config.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
);
