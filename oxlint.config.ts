/** Lint rules, and the direction of imports. Each rule that matters is fed a planted violation in test/gates/. */
import { builtinModules } from "node:module";
import { defineConfig, type OxlintOverride } from "oxlint";

const direction =
  "Imports go one way: cli -> operations -> providers, hosts, artifacts, kafka, report -> ec2 -> plan -> services, render, cluster -> spec -> fault.";
const purity =
  "This folder is pure: no I/O, no clock, no randomness, no environment. Take what you need as an argument.";

type Tier = {
  readonly files: string[];
  /** The folders of src/ that lie above it, and so may not be imported. */
  readonly above: readonly string[];
  readonly pure: boolean;
};

const cli = ["cli"];
const operations = ["operations", ...cli];
const effects = ["artifacts", "hosts", "kafka", "preflight", "providers", "report", ...operations];
const ec2 = ["ec2", ...effects];
const plan = ["plan", ...ec2];
const shapes = ["cluster", "render", "services", ...plan];

/** Top to bottom. A folder that is missing here fails test/gates/tiers.test.ts. */
export const tiers: readonly Tier[] = [
  { files: ["src/cli/**"], above: [], pure: false },
  { files: ["src/operations/**"], above: cli, pure: false },
  {
    files: ["src/artifacts/**", "src/hosts/**", "src/kafka/**", "src/providers/**", "src/report/**"],
    above: operations,
    pure: false,
  },
  { files: ["src/preflight/**"], above: operations, pure: true },
  { files: ["src/ec2/**"], above: effects, pure: true },
  { files: ["src/plan/**"], above: ec2, pure: true },
  { files: ["src/cluster/**", "src/render/**", "src/services/**"], above: plan, pure: true },
  { files: ["src/spec/**"], above: shapes, pure: true },
  {
    files: [
      "src/fault.ts",
      "src/fault-codes.ts",
      "src/fault-causes.ts",
      "src/fault-causes-connect.ts",
      "src/fault-causes-ec2.ts",
      "src/fault-causes-external.ts",
      "src/fault-causes-groups.ts",
      "src/fault-causes-records.ts",
      "src/fault-causes-ssh.ts",
    ],
    above: ["spec", ...shapes],
    pure: true,
  },
  { files: ["src/templates.ts"], above: ["spec", ...shapes], pure: false },
];

/** Of Node's own modules, these are pure (of crypto, hashes only: see below). The linter's patterns know no look-ahead. */
const pureModules = new Set(["crypto", "path/posix"]);
const impureModules = builtinModules.map((name) => name.replace("node:", "")).filter((name) => !pureModules.has(name));

const impureGlobals = [
  "Date",
  "EventSource",
  "WebSocket",
  "console",
  "crypto",
  "fetch",
  "navigator",
  "performance",
  "process",
  "setImmediate",
  "setInterval",
  "setTimeout",
];

function override({ files, above, pure }: Tier): OxlintOverride {
  const patterns = [
    {
      regex: String.raw`^(\.{1,2}/([^/]+/)*(test|scripts|bench|bin|dist)/|(vitest|fast-check|esbuild)(/|$))`,
      message: "The product imports nothing of its tests, scripts and tools.",
    },
  ];
  if (above.length > 0) {
    patterns.push({ regex: String.raw`^\.{1,2}/([^/]+/)*(${above.join("|")})/`, message: direction });
  }
  if (!pure) return { files, rules: { "no-restricted-imports": ["error", { patterns }] } };
  patterns.push(
    { regex: `^(node:)?(${impureModules.join("|")})$`, message: purity },
    { regex: String.raw`^(\.{1,2}/)+templates\.ts$`, message: purity },
    { regex: "^(@aws-sdk/.*|@commander-js/.*|@platformatic/.*|commander|eta|execa|p-limit|tar)$", message: purity },
  );
  const paths = [{ name: "node:crypto", allowImportNames: ["createHash", "createHmac"], message: purity }];
  const globals = impureGlobals.map((name) => ({ name, message: purity }));
  return {
    files,
    rules: {
      "no-restricted-globals": ["error", { globals, checkGlobalObject: true, globalObjects: ["global"] }],
      "no-restricted-imports": ["error", { paths, patterns }],
      "no-restricted-properties": ["error", { object: "Math", property: "random", message: purity }],
    },
  };
}

export default defineConfig({
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "promise", "node", "vitest"],
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: "error" },
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  env: { node: true, es2024: true },
  // Projects of their own, without types: tests run them.
  ignorePatterns: ["node_modules", "dist/**", "coverage/**", ".kctl/**", "examples/**"],
  rules: {
    // Off: what these ask for is often wrong here (awaiting in turn is the point of an ordered change), or TypeScript says it better.
    "consistent-return": "off",
    "import/no-named-as-default-member": "off",
    "no-await-in-loop": "off",
    "no-control-regex": "off",
    "no-shadow": "off",
    "no-underscore-dangle": "off",
    "oxc/no-map-spread": "off",
    "typescript/consistent-return": "off",
    "typescript/no-unsafe-type-assertion": "off",
    "unicorn/consistent-function-scoping": "off",

    eqeqeq: "error",
    "import/first": "error",
    "import/no-cycle": "error",
    "import/no-default-export": "error",
    "import/no-duplicates": "error",
    "import/no-mutable-exports": "error",
    "import/no-namespace": "error",
    "max-depth": ["error", 4],
    "max-params": ["error", 6],
    "no-console": "error",
    "no-else-return": "error",
    "no-param-reassign": "error",
    "no-var": "error",
    "object-shorthand": "error",
    "oxc/no-barrel-file": ["error", { threshold: 0 }],
    "prefer-const": "error",
    "prefer-template": "error",
    "promise/no-return-wrap": "error",
    "typescript/await-thenable": "error",
    "typescript/ban-ts-comment": "error",
    "typescript/consistent-type-exports": "error",
    "typescript/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
    "typescript/no-deprecated": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/no-misused-spread": ["error", { allow: ["string"] }],
    "typescript/no-non-null-assertion": "error",
    "typescript/no-unsafe-argument": "error",
    "typescript/no-unsafe-assignment": "error",
    "typescript/no-unsafe-call": "error",
    "typescript/no-unsafe-member-access": "error",
    "typescript/no-unsafe-return": "error",
    "typescript/only-throw-error": "error",
    "typescript/prefer-nullish-coalescing": ["error", { ignorePrimitives: { string: true } }],
    "typescript/prefer-promise-reject-errors": "error",
    "typescript/return-await": ["error", "error-handling-correctness-only"],
    // A default counts: the unions of libraries are open. Without one, every member must have its case.
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/use-unknown-in-catch-callback-variable": "error",
    "unicorn/filename-case": ["error", { case: "kebabCase" }],
    "unicorn/no-abusive-eslint-disable": "error",
    "unicorn/prefer-node-protocol": "error",
    "unicorn/throw-new-error": "error",
  },
  overrides: [
    {
      files: ["src/**"],
      rules: {
        "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
        "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      },
    },
    {
      files: ["src/cli/**", "scripts/**", "bench/**", "test/lab/**", "test/faults/reporter.ts"],
      rules: { "no-console": "off" },
    },
    {
      files: ["test/**"],
      rules: {
        "no-unsafe-optional-chaining": "off",
        "vitest/no-conditional-expect": "off",
        "vitest/no-disabled-tests": "error",
        "vitest/no-focused-tests": "error",
        "vitest/no-standalone-expect": ["error", { additionalTestBlockFunctions: ["injectFault"] }],
        "vitest/valid-expect": ["error", { maxArgs: 2 }],
      },
    },
    // bin/ is CommonJS, and bin/kctl.js must parse on any Node.
    {
      files: ["bin/**"],
      rules: {
        "import/no-unassigned-import": "off",
        "no-var": "off",
        "object-shorthand": "off",
        "prefer-template": "off",
        "typescript/unbound-method": "off",
        "unicorn/prefer-node-protocol": "off",
      },
    },
    { files: ["oxlint.config.ts", "vitest.config.ts"], rules: { "import/no-default-export": "off" } },
    ...tiers.map(override),
  ],
});
