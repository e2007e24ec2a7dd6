/** Rules of Burrow: which one runs, where it comes from, and what it watches. */
import { countOf } from "./counts.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { shown } from "./words.ts";

export function burrowRules(spec: Spec): RuleResult {
  const { burrow } = spec;
  if (burrow === undefined) return { problems: [], warnings: [] };
  return {
    problems: [
      ...versionRule(burrow),
      ...archiveRule(burrow, spec),
      ...nameRules(burrow, spec),
      ...consumerRules(burrow, spec),
    ],
    warnings: [],
  };
}

type Burrow = NonNullable<Spec["burrow"]>;

/** Its section is read by the nodes that run it, and they by it. */
export function burrowNodeRules(spec: Spec): RuleResult {
  const runs = countOf(spec, "burrow") > 0;
  if (runs === (spec.burrow !== undefined)) return { problems: [], warnings: [] };
  const problem: RuleProblem = runs
    ? {
        code: "spec-missing-key",
        path: ["burrow"],
        what: "a node has the role `burrow`, and nothing says which Burrow",
        fix: "add `burrow: { version: 1.9.5, archive: PATH, sha512: DIGEST }`, or take the role out",
        needs: [["nodes"]],
      }
    : {
        code: "spec-rule",
        path: ["burrow"],
        at: "key",
        what: "no node has the role `burrow`: nothing would read `burrow`",
        fix: "add `burrow` to the `roles` of a node, or take it out",
        needs: [["nodes"]],
      };
  return { problems: [problem], warnings: [] };
}

const oldest = [1, 9, 5] as const;

function versionRule({ version }: Burrow): readonly RuleProblem[] {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  const difference = major - oldest[0] || minor - oldest[1] || patch - oldest[2];
  if (difference >= 0) return [];
  return [
    {
      code: "spec-bad-value",
      path: ["burrow", "version"],
      what: `Burrow ${version} does not know the records of offsets that brokers of today write`,
      fix: "use `1.9.5` or later",
    },
  ];
}

function archiveRule({ archive, sha512 }: Burrow, { artifacts }: Spec): readonly RuleProblem[] {
  const needs = [
    ["burrow", "archive"],
    ["burrow", "sha512"],
  ];
  if (archive !== undefined && sha512 === undefined)
    return [
      {
        code: "spec-missing-key",
        path: ["burrow", "sha512"],
        what: "Burrow's `archive` needs a `sha512`: what runs beside the brokers is checked first",
        fix: "add it as `sha512sum` prints it",
        needs,
      },
    ];
  if (archive === undefined && sha512 !== undefined)
    return [
      {
        code: "spec-rule",
        path: ["burrow", "sha512"],
        at: "key",
        what: "`sha512` is for `archive`: a mirror has its own beside each file",
        fix: "write `archive` as well, or take it out",
        needs,
      },
    ];
  if (archive !== undefined || artifacts?.mirror !== undefined) return [];
  return [
    {
      code: "spec-missing-key",
      path: ["burrow", "archive"],
      what: "nothing says where Burrow's program comes from",
      fix: "write `archive` and `sha512`, or `artifacts.mirror`",
      needs: [...needs, ["artifacts"]],
    },
  ];
}

function nameRules({ clusters }: Burrow, spec: Spec): readonly RuleProblem[] {
  const taken = new Set([spec.name]);
  return clusters.flatMap(({ name }, index): readonly RuleProblem[] => {
    const twice = taken.has(name);
    taken.add(name);
    if (!twice) return [];
    const what =
      name === spec.name
        ? `${shown(name)} is this cluster, which Burrow watches anyway`
        : `two clusters would be called ${shown(name)} in Burrow`;
    const fix = name === spec.name ? "take it out" : "give one of them another name";
    return [{ code: "spec-rule", path: ["burrow", "clusters", index, "name"], what, fix }];
  });
}

/** What Burrow calls the offsets that a cluster's old consumers keep in ZooKeeper. */
const inZookeeper = (name: string): string => `${name}-zookeeper`;

/** Two tables of one name are no TOML. */
function consumerRules({ clusters }: Burrow, { name: ownName, nodes }: Spec): readonly RuleProblem[] {
  const own = { name: ownName, hasKeepers: nodes.some(({ roles }) => roles.includes("zookeeper")), index: -1 };
  const watched = clusters.map(({ name, zookeeper }, index) => ({ name, hasKeepers: zookeeper.length > 0, index }));
  return watched.flatMap(({ name, hasKeepers, index }): readonly RuleProblem[] => {
    const other = [own, ...watched].find(
      (one) =>
        (one.hasKeepers && name === inZookeeper(one.name)) ||
        // Once is enough, and it is this cluster's own name that stays.
        (one.index === -1 && hasKeepers && one.name === inZookeeper(name)),
    );
    if (other === undefined) return [];
    const [shorter, longer] = [name, other.name].toSorted((a, b) => a.length - b.length);
    return [
      {
        code: "spec-rule",
        path: ["burrow", "clusters", index, "name"],
        what: `${shown(longer ?? "")} is what Burrow calls the offsets that ${shown(shorter ?? "")} keeps in ZooKeeper`,
        fix: "give it another name",
        needs: [["nodes"], ["burrow", "clusters"]],
      },
    ];
  });
}
