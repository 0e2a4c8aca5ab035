/** The house rules of ARCHITECTURE.md, "Who may not know whom". Every rule has a test that plants its violation. */
const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });
const NPM = ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown"];
const OURS = "(^|/)(protocol|agent|controller|modelfleet)/(src|cli|dist)/|@modelfleet/";
const PROTOCOL = "(^|/)protocol/(src|dist)/|@modelfleet/protocol";

export default {
  forbidden: [
    rule("no-cycle", "No import cycle anywhere.", {}, { circular: true }),
    rule(
      "no-orphan",
      "No file that nobody imports.",
      { orphan: true, pathNot: "(main|program|index|runner-main|[.]d)[.]ts$|/ports/" },
      {},
    ),
    rule("no-unresolvable", "Every import resolves.", {}, { couldNotResolve: true }),
    rule(
      "protocol-is-a-leaf",
      "protocol imports nothing of ours.",
      { path: "^protocol/" },
      { path: OURS, pathNot: "^protocol/" },
    ),
    rule(
      "agent-not-controller",
      "agent never imports controller.",
      { path: "^agent/" },
      { path: "^(controller|modelfleet)/|@modelfleet/controller" },
    ),
    rule(
      "controller-not-agent",
      "controller never imports agent.",
      { path: "^controller/" },
      { path: "^(agent|modelfleet)/|@modelfleet/agent" },
    ),
    rule(
      "nest-only-in-http",
      "Nest lives in controller/src/http and main.ts.",
      { pathNot: "^controller/src/(http/|main[.]ts$)" },
      { path: "node_modules/(@nestjs|rxjs)/" },
    ),
    rule(
      "reflection-only-where-asked-for",
      "reflect-metadata lives in controller/src/http, and where certificates are made: their library looks for it.",
      { pathNot: "^controller/src/(http/|main[.]ts$|adapters/certificates/)" },
      { path: "node_modules/reflect-metadata/" },
    ),
    rule(
      "certificates-in-one-room",
      "Certificates are made in one room.",
      { pathNot: "^controller/src/adapters/certificates/" },
      { path: "node_modules/@peculiar/" },
    ),
    rule(
      "calendar-in-one-room",
      "Cron is reckoned in one room.",
      { pathNot: "^controller/src/adapters/calendar/" },
      { path: "node_modules/croner/" },
    ),
    rule(
      "domain-is-pure",
      "domain knows itself and protocol: no npm package, no node core.",
      { path: "^(agent|controller)/src/domain/" },
      { dependencyTypes: [...NPM, "core"], pathNot: PROTOCOL },
    ),
    rule(
      "domain-imports-inward",
      "domain imports itself and protocol only.",
      { path: "^(agent|controller)/src/domain/" },
      { path: "^(agent|controller)/(src|cli)/", pathNot: "/src/domain/" },
    ),
    rule(
      "ports-are-types",
      "ports know domain and protocol only.",
      { path: "^(agent|controller)/src/ports/" },
      { pathNot: `/src/(ports|domain)/|${PROTOCOL}` },
    ),
    rule(
      "app-not-edges",
      "app never imports adapters or http.",
      { path: "^(agent|controller)/src/app/" },
      { path: "/src/(adapters|http)/" },
    ),
    rule(
      "adapters-apart",
      "One adapter room never imports another.",
      { path: "^(agent|controller)/src/adapters/([^/]+)/" },
      { path: "^(agent|controller)/src/adapters/", pathNot: "^$1/src/adapters/$2/" },
    ),
    rule(
      "adapters-not-http",
      "Adapters know nothing of http.",
      { path: "/src/adapters/" },
      { path: "/src/http/" },
    ),
    rule(
      "mqtt-only-in-bus",
      "mqtt.js only in the mqtt-bus adapters.",
      { pathNot: "/adapters/mqtt-bus/" },
      { path: "node_modules/mqtt(-packet)?/" },
    ),
    rule(
      "aedes-only-in-broker",
      "aedes only in aedes-broker.",
      { pathNot: "^controller/src/adapters/aedes-broker/" },
      { path: "node_modules/aedes" },
    ),
    rule(
      "ml-only-in-runner",
      "ML runtimes only in agent/src/runner, and where the demo compares with the bare runtime.",
      { pathNot: "^(agent/src/runner/|modelfleet/src/demo/offline-answers[.]ts$)" },
      { path: "(^|node_modules/)(onnxruntime-|@tensorflow/)" },
    ),
    rule(
      "runner-stands-alone",
      "The runner imports nothing of the supervisor's.",
      { path: "^agent/src/runner/" },
      { path: "^agent/src/", pathNot: "^agent/src/(runner|wire)/" },
    ),
    rule(
      "src-not-test",
      "src never imports test, tools or examples.",
      { path: "^(protocol|agent|controller|modelfleet)/" },
      { path: "^(test|tools|examples)/" },
    ),
    rule(
      "no-dev-dependency",
      "src uses no development dependency.",
      { path: "^(protocol|agent|controller|modelfleet)/" },
      { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["modelfleet-source", "import", "node", "default", "types"],
    },
  },
};
