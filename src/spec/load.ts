/** The spec's text in; the checked spec out, or every fault of it at once, each with its line, an excerpt and the way out. */
import type { Fault } from "../fault.ts";
import type { Environment } from "./environment.ts";
import { mismatch } from "./mismatch.ts";
import { missingKey } from "./missing-key.ts";
import { parse } from "./parse.ts";
import { pathSet, type PathSet } from "./path-set.ts";
import { prepare } from "./prepare.ts";
import type { Problem, SpecPath } from "./problem.ts";
import { repaired } from "./repair.ts";
import { checkRules, type RuleProblem } from "./rules.ts";
import { externalSchema, specSchema, type Spec } from "./schema.ts";
import { masked, unquoted } from "./secrets.ts";
import { shapeAt, specShape } from "./shape.ts";
import { inOrder, source, type Finding, type Source } from "./source.ts";
import { sizeFinding } from "./text-checks.ts";
import { spanOf, valueAt, type Value } from "./tree.ts";
import { given } from "./words.ts";

export type LoadOptions = { readonly file: string; readonly env: Environment };

export type LoadResult =
  | { readonly ok: true; readonly spec: Spec; readonly warnings: readonly Fault[]; toFault(problem: Problem): Fault }
  | { readonly ok: false; readonly faults: readonly Fault[]; readonly warnings: readonly Fault[] };

/** More would only be scrolled away. */
const mostFaults = 100;

export function loadSpec(text: string, options: LoadOptions): LoadResult {
  const refused = sizeFinding(text);
  if (refused !== null) return refusal([refused], source(options.file, ""));
  // A byte order mark is no part of any line, and no editor counts it.
  const read = source(options.file, text.replace(/^\ufeff/, ""));
  const { root, findings } = parse(read, options.env);
  const from = withoutSecrets(read, options.file, findings.length === 0 ? root : null);
  if (root === null) return refusal(findings, from);
  if (root.kind !== "map") return refusal(findings.length > 0 ? findings : [noMap(root)], from);

  const { value, problems, meant } = prepare(root);
  const schema = typeIn(root) === "external" ? externalSchema : specSchema;
  const result = schema.safeParse(value);
  const unmet = result.success ? [] : result.error.issues.map(({ path }) => placeOf(path.map(pathStep), root));
  const elsewhere = pathSet(meant);
  const wrong = unmet
    .filter((path) => !elsewhere.has(path) && !isBroken(valueAt(root, path), findings))
    .map((path) => fromIssue(path, root));
  const faulty = [...problems.map(({ path }) => path), ...meant, ...unmet];
  const atFault = pathSet(faulty);
  const spec = result.success ? result.data : repaired(value, faulty, schema);
  const rules = spec === null ? { problems: [], warnings: [] } : checkRules(spec);
  const toFinding = (problem: Problem): Finding => findingOf(problem, root);
  const sound = (problem: RuleProblem): boolean => !isFollowUp(problem, atFault, findings, root);
  const complete = (problem: RuleProblem): Problem => withGiven(problem, root);
  const warnings = faults(rules.warnings.filter(sound).map(complete).map(toFinding), from);
  const all = [...findings, ...[...problems, ...wrong, ...rules.problems.filter(sound).map(complete)].map(toFinding)];
  if (result.success && all.length === 0)
    return { ok: true, spec: result.data, warnings, toFault: (problem) => from.toFault(toFinding(problem)) };
  return { ok: false, faults: faults(all, from), warnings };
}

/** @param root null: there is no tree, or not of all */
function withoutSecrets({ text }: Source, file: string, root: Value | null): Source {
  const from = source(file, masked(text, root));
  // What is said of other faults is known not to quote secrets.
  const said = (sentence: string, { code, span }: Finding): string =>
    code === "spec-syntax" || code === "spec-unknown-key" ? unquoted(sentence, text, from.text, span) : sentence;
  return {
    ...from,
    toFault: (finding) =>
      from.toFault({ ...finding, what: said(finding.what, finding), fix: said(finding.fix, finding) }),
  };
}

function typeIn(root: Value): string | null {
  const type = valueAt(root, ["provider", "type"]);
  return type?.kind === "scalar" ? type.text : null;
}

function refusal(findings: readonly Finding[], from: Source): LoadResult {
  return { ok: false, faults: faults(findings, from), warnings: [] };
}

function faults(findings: readonly Finding[], from: Source): readonly Fault[] {
  const sorted = inOrder(findings);
  const shown = sorted.slice(0, mostFaults).map((finding) => from.toFault(finding));
  const next = sorted[mostFaults];
  if (next === undefined) return shown;
  const { where = "" } = from.toFault(next);
  const what = `there are ${sorted.length - mostFaults} more faults from here on`;
  return [...shown, { code: next.code, what, where, fix: "mend those above first" }];
}

function noMap(root: Value): Finding {
  const start = root.span.start;
  const what =
    root.kind === "list"
      ? "a spec is a map of keys, and this is a list"
      : "a spec is a map of keys, and this is a single text";
  return {
    code: "spec-wrong-type",
    span: { start, end: start + 1 },
    what,
    fix: "start with `name:`, `provider:`, `kafka:` and `nodes:`, each on a line of its own",
  };
}

function pathStep(step: PropertyKey): string | number {
  return typeof step === "number" ? step : String(step);
}

/** Of a list that is written as its one item, that item is where the list is. */
function placeOf(path: SpecPath, root: Value): SpecPath {
  const list = path.slice(0, -1);
  return path.at(-1) === 0 && valueAt(root, list)?.kind === "scalar" ? list : path;
}

/** The schema says only where it is not met; what to say follows from what is there and from what should be. */
function fromIssue(path: SpecPath, root: Value): Problem {
  const value = valueAt(root, path);
  const place = shapeAt(root, path);
  if (value !== null) return mismatch({ path, shape: place?.shape ?? specShape(), key: place?.key ?? null }, value);
  const owner = path.slice(0, -1);
  const key = place?.key;
  if (key) return missingKey(owner, key);
  const what = `\`${path.join(".")}\` is missing`;
  return { code: "spec-missing-key", path, what, fix: "add it" };
}

function withGiven(problem: RuleProblem, root: Value): Problem {
  if (problem.notGiven !== true) return problem;
  return { ...problem, what: `${problem.what}, not ${given(valueAt(root, problem.path))}` };
}

function findingOf({ code, path, what, fix, at }: Problem, root: Value): Finding {
  return { code, span: spanOf(root, path, at ?? "value"), what, fix };
}

/** What was said of a value while it was read is enough. */
function isBroken(value: Value | null, findings: readonly Finding[]): boolean {
  if (value?.kind !== "scalar") return false;
  return findings.some(({ span }) => span.start < value.span.end && value.span.start < span.end);
}

/** A rule that looked at a value which is itself at fault would only confuse. */
function isFollowUp(
  { path, needs = [] }: RuleProblem,
  faulty: PathSet,
  findings: readonly Finding[],
  root: Value,
): boolean {
  const looked = [path, ...needs];
  if (looked.some((one) => faulty.touches(one))) return true;
  return looked.some((one) => {
    const value = valueAt(root, one);
    return value !== null && findings.some(({ span }) => span.start >= value.span.start && span.start < value.span.end);
  });
}
