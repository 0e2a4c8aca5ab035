/** Forbidden imports, by the rule of `.dependency-cruiser.js` that must name each of them, and it alone. */
export type PlantedImport = {
  readonly rule: string;
  /** A second rule that an import breaks when it cannot break the first alone. */
  readonly also?: string;
  readonly file: string;
  readonly text: string;
};

const DOMAIN = "agent/src/domain";

/** In all four forms: a value, a type, a re-export, and an import at run time. */
function inEveryForm(rule: string, folder: string, from: string): readonly PlantedImport[] {
  return [
    { rule, file: file(folder), text: `import * as it from "${from}";\nexport const used = it;\n` },
    {
      rule,
      file: file(folder),
      text: `import type * as It from "${from}";\nexport type A = typeof It;\n`,
    },
    { rule, file: file(folder), text: `export * from "${from}";\n` },
    { rule, file: file(folder), text: `export const late = () => import("${from}");\n` },
  ];
}

function once(rule: string, folder: string, from: string): PlantedImport {
  return { rule, file: file(folder), text: `import "${from}";\n` };
}

/** Of a package that the importing one's `package.json` does not name either. */
function undeclared(rule: string, folder: string, from: string): PlantedImport {
  return { ...once(rule, folder, from), also: "no-dev-dependency" };
}

let planted = 0;
function file(folder: string): string {
  planted += 1;
  return `${folder}/planted-${planted}.ts`;
}

const landmark = (path: string) => ({ path, text: "export const landmark = 1;\n" });

/** Files that the planted ones import. */
export const landmarks = [
  { path: `${DOMAIN}/ring-b.ts`, text: 'export { a as b } from "./ring-a.ts";\n' },
  {
    path: `${DOMAIN}/ring-d.ts`,
    text: 'import type { C } from "./ring-c.ts";\nexport type D = C;\n',
  },
  ...[
    "test/support/landmark.ts",
    "tools/landmark.ts",
    "examples/landmark.ts",
    "protocol/src/landmark.ts",
    "agent/src/landmark.ts",
    "agent/src/domain/landmark.ts",
    "agent/src/ports/landmark.ts",
    "agent/src/app/landmark.ts",
    "agent/src/adapters/first/landmark.ts",
    "agent/src/runner/landmark.ts",
    "controller/src/landmark.ts",
    "controller/src/domain/landmark.ts",
    "controller/src/ports/landmark.ts",
    "controller/src/app/landmark.ts",
    "controller/src/adapters/first/landmark.ts",
    "controller/src/http/landmark.ts",
    "controller/cli/landmark.ts",
    "modelfleet/src/landmark.ts",
  ].map(landmark),
];

export const plantedImports: readonly PlantedImport[] = [
  {
    rule: "no-cycle",
    file: `${DOMAIN}/ring-a.ts`,
    text: 'export { b as a } from "./ring-b.ts";\n',
  },
  {
    rule: "no-cycle",
    file: `${DOMAIN}/ring-c.ts`,
    text: 'import type { D } from "./ring-d.ts";\nexport type C = D;\n',
  },
  { rule: "no-orphan", file: `${DOMAIN}/forgotten.ts`, text: "export const nobody = 1;\n" },
  once("no-unresolvable", "agent/src/app", "./nowhere.ts"),
  once("no-unresolvable", "agent/src/app", "@modelfleet/protocol/src/units.ts"),

  ...inEveryForm("protocol-is-a-leaf", "protocol/src", "../../agent/src/landmark.ts"),
  once("protocol-is-a-leaf", "protocol/src", "../../controller/cli/landmark.ts"),
  once("protocol-is-a-leaf", "protocol/src", "../../modelfleet/src/landmark.ts"),
  once("protocol-is-a-leaf", "protocol/src", "@modelfleet/controller/cli"),
  ...inEveryForm("agent-not-controller", "agent/src/app", "../../../controller/src/landmark.ts"),
  once("agent-not-controller", "agent/src/app", "../../../controller/cli/landmark.ts"),
  once("agent-not-controller", "agent/src/app", "../../../modelfleet/src/landmark.ts"),
  once("agent-not-controller", "agent/src/app", "@modelfleet/controller/cli"),
  ...inEveryForm("controller-not-agent", "controller/src/app", "../../../agent/src/landmark.ts"),
  once("controller-not-agent", "controller/cli", "../../modelfleet/src/landmark.ts"),
  once("controller-not-agent", "controller/src/app", "@modelfleet/agent/program"),

  ...inEveryForm("nest-only-in-http", "controller/src/app", "@nestjs/common"),
  once("nest-only-in-http", "controller/src/adapters/first", "rxjs"),
  once("reflection-only-where-asked-for", "controller/cli", "reflect-metadata"),
  once("nest-only-in-http", "controller/src", "@nestjs/core"),
  once("reflection-only-where-asked-for", "controller/src/adapters/first", "reflect-metadata"),
  once("certificates-in-one-room", "controller/src/app", "@peculiar/x509"),
  once("calendar-in-one-room", "controller/src/app", "croner"),

  ...inEveryForm("domain-is-pure", DOMAIN, "node:fs"),
  ...inEveryForm("domain-is-pure", "controller/src/domain", "pino"),
  once("domain-is-pure", DOMAIN, "fs"),
  ...inEveryForm("domain-imports-inward", DOMAIN, "../ports/landmark.ts"),
  once("domain-imports-inward", "controller/src/domain", "../app/landmark.ts"),
  ...inEveryForm("ports-are-types", "agent/src/ports", "../app/landmark.ts"),
  once("ports-are-types", "agent/src/ports", "node:net"),
  once("ports-are-types", "controller/src/ports", "pino"),

  ...inEveryForm("app-not-edges", "agent/src/app", "../adapters/first/landmark.ts"),
  once("app-not-edges", "controller/src/app", "../http/landmark.ts"),
  ...inEveryForm("adapters-apart", "agent/src/adapters/second", "../first/landmark.ts"),
  once("adapters-apart", "controller/src/adapters/second", "../first/landmark.ts"),
  ...inEveryForm("adapters-not-http", "controller/src/adapters/second", "../../http/landmark.ts"),

  ...inEveryForm("mqtt-only-in-bus", "agent/src/app", "mqtt"),
  once("mqtt-only-in-bus", "agent/src/adapters/second", "mqtt"),
  ...inEveryForm("aedes-only-in-broker", "controller/src/app", "aedes"),
  ...inEveryForm("ml-only-in-runner", "agent/src/app", "onnxruntime-node"),
  once("ml-only-in-runner", "agent/src/adapters/second", "onnxruntime-node"),
  once("ml-only-in-runner", "agent/src/app", "onnxruntime-web"),
  once("ml-only-in-runner", "agent/src/adapters/second", "@tensorflow/tfjs-core"),
  undeclared("ml-only-in-runner", "agent/src/app", "onnxruntime-common"),
  ...inEveryForm("runner-stands-alone", "agent/src/runner", "../domain/landmark.ts"),
  once("runner-stands-alone", "agent/src/runner", "../landmark.ts"),

  ...inEveryForm("src-not-test", "agent/src/app", "../../../test/support/landmark.ts"),
  once("src-not-test", "protocol/src", "../../tools/landmark.ts"),
  once("src-not-test", "controller/src/app", "../../../examples/landmark.ts"),
  ...inEveryForm("no-dev-dependency", "agent/src/app", "fast-check"),
  once("no-dev-dependency", "protocol/src", "pino"),
];
