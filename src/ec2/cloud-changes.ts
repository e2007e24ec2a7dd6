/** What of a cluster's machines differs from what is wanted: as changes, in their order. */
import type { Fault } from "../fault.ts";
import type { Change, Edge } from "../plan/change.ts";
import { cloudChange, type CloudChange } from "./cloud-change.ts";
import { lossOf, obstaclesOf, placementRefusals, shrinkOf } from "./cloud-refusals.ts";
import { machineChanges } from "./node-changes.ts";
import { ruleText } from "./rule-text.ts";
import { isOurs, ruleDifference, type ThereRule } from "./security-rules.ts";
import { dataVolumeOf, firstKeyTag, isLive, type SeenCloud } from "./seen.ts";
import { tagChanges } from "./tag-differences.ts";
import type { WantedCloud, WantedMachine } from "./wanted.ts";
import { worldlyFaults } from "./worldly.ts";

export type CloudPlan = {
  readonly changes: readonly Change[];
  readonly obstacles: readonly Fault[];
  /** What the spec asks for and EC2 cannot do; the rest is carried out. */
  readonly refusals: readonly Fault[];
};

const done = (key: string): Edge => ({ key, until: "done" });

/** @param network whether the network that is wanted is there */
export function cloudChanges(wanted: WantedCloud, seen: SeenCloud, network: boolean): CloudPlan {
  const group = seen.groups.find(({ name }) => name === wanted.group.name);
  const networkChange = wanted.network !== null && !network ? [networkOf(wanted.network)] : [];
  const afterNetwork = networkChange.map(({ key }) => done(key));
  const groupChange = group === undefined ? [groupOf(wanted.group.name, afterNetwork)] : [];
  const afterGroup = [...afterNetwork, ...groupChange.map(({ key }) => done(key))];
  const { changes: rules, notes } = rulesOf(wanted, group?.rules ?? [], afterGroup);
  const key = keyOf(wanted, seen);
  const placement = placementOf(wanted, seen);
  const before = [...afterGroup, ...[...key, ...placement].map(({ key }) => done(key))];
  const machines = wanted.machines.flatMap((machine) => machineChanges(machine, seen, before));
  const coming = machines.filter(
    ({ step }) => step.kind === "instance" || step.kind === "power" || step.kind === "arrival",
  );
  return {
    changes: [
      ...networkChange,
      ...groupChange,
      ...rules,
      ...key,
      ...placement,
      ...tagChanges(wanted, seen),
      ...machines,
      ...hostKeys(seen, coming),
      ...notes,
      ...endNote(wanted, machines),
      ...wanted.machines.flatMap((machine) => notesOf(machine, seen)),
    ],
    obstacles: [...wanted.end.obstacles, ...obstaclesOf(wanted, seen), ...openToTheWorld(wanted, group?.rules ?? [])],
    refusals: [
      ...wanted.end.refusals,
      ...placementRefusals(wanted, seen),
      ...wanted.machines.flatMap((machine) => [...shrinkOf(machine, seen), ...lossOf(machine, seen)]),
    ],
  };
}

/** Rules of kctl's that are not wanted go with the plan; what others made stays, and counts. */
function openToTheWorld(wanted: WantedCloud, there: readonly ThereRule[]): readonly Fault[] {
  return worldlyFaults(wanted, [...wanted.group.rules, ...there.filter((rule) => !isOurs(rule))], wanted.allowWorld);
}

function networkOf(cidr: string): CloudChange {
  return cloudChange(
    "network",
    "create",
    { kind: "network", cidr },
    `create the network ${cidr}: a VPC, a subnet in each zone, a way to the internet`,
  );
}

function groupOf(name: string, after: readonly Edge[]): CloudChange {
  return cloudChange("security group", "create", { kind: "group", name }, `create the security group ${name}`, {
    after,
  });
}

function rulesOf(
  { group }: WantedCloud,
  there: Parameters<typeof ruleDifference>[1],
  after: readonly Edge[],
): { readonly changes: readonly CloudChange[]; readonly notes: readonly Change[] } {
  const { add, remove, redescribe, foreign } = ruleDifference(group.rules, there);
  const diff = [
    ...remove.map((rule) => `-${ruleText(rule)}`),
    ...redescribe.map(({ rule, description }) => `~${ruleText({ ...rule, description })}`),
    ...add.map((rule) => `+${ruleText(rule)}`),
  ];
  const counts = [
    add.length === 0 ? [] : [`add ${add.length}`],
    remove.length === 0 ? [] : [`remove ${remove.length}`],
    redescribe.length === 0 ? [] : [`describe ${redescribe.length} anew`],
  ].flat();
  const changes =
    diff.length === 0
      ? []
      : [
          cloudChange("rules", "update", { kind: "rules" }, `rules of ${group.name}: ${counts.join(", ")}`, {
            after,
            diff,
            effect: "live",
          }),
        ];
  const note =
    foreign.length === 0
      ? []
      : [
          noteOf(
            "rules that are not kctl's",
            `${foreign.length} rule${foreign.length === 1 ? "" : "s"} of ${group.name} ${foreign.length === 1 ? "is" : "are"} not kctl's, and left: ${foreign.map(ruleText).join("; ")}`,
          ),
        ];
  return { changes, notes: note };
}

function noteOf(key: string, title: string, node: string | null = null): Change {
  return {
    kind: "note",
    verb: "note",
    key,
    layer: "machine",
    node,
    title,
    why: [],
    effect: "none",
    diff: [],
    after: [],
  };
}

function keyOf({ key }: WantedCloud, { keys }: SeenCloud): readonly CloudChange[] {
  if (key === null || keys.some(({ name }) => name === key.name)) return [];
  return [cloudChange("key pair", "create", { kind: "key", name: key.name }, `import the public key ${key.name}`)];
}

function placementOf({ placement }: WantedCloud, { placementGroups = [] }: SeenCloud): readonly CloudChange[] {
  if (placement === null || placementGroups.some(({ name }) => name === placement.name)) return [];
  const { name, strategy } = placement;
  const title = `create the placement group ${name}: ${strategy === "spread" ? "each machine on hardware of its own" : "partitions that share no hardware"}`;
  return [cloudChange("placement group", "create", { kind: "placement", name, strategy }, title)];
}

/** Told before machines are launched, whose data goes with them. */
function endNote({ cluster, end: { expires } }: WantedCloud, machines: readonly CloudChange[]): readonly Change[] {
  if (expires === null || !machines.some(({ step }) => step.kind === "instance")) return [];
  return [noteOf("end", `${cluster} ends itself at ${expires}, data included; \`kctl extend\` moves that`)];
}

/** The private half of the first key stands in user-data: once a host can be reached it makes one of its own. */
function hostKeys(seen: SeenCloud, coming: readonly CloudChange[]): readonly CloudChange[] {
  const fresh = coming.flatMap(({ step, node }) => (step.kind === "instance" && node !== null ? [node] : []));
  const former = seen.instances.flatMap((one) =>
    isLive(one) && one.node !== null && one.tags[firstKeyTag] !== undefined ? [one.node] : [],
  );
  const nodes = [...new Set([...former, ...fresh])];
  if (nodes.length === 0) return [];
  return [
    cloudChange(
      "host keys",
      "update",
      { kind: "host-keys" },
      `let ${nodes.join(", ")} make host keys of their own, and forget those that user-data gave`,
      {
        after: coming.map(({ key }) => done(key)),
      },
    ),
  ];
}

function notesOf({ node, volume }: WantedMachine, seen: SeenCloud): readonly Change[] {
  const there = dataVolumeOf(seen, node);
  if (volume !== null || there === null) return [];
  return [
    noteOf(`volume left ${node}`, `the spec has no volume for ${node} any more; ${there.id} is left as it is`, node),
  ];
}
