/** Rules of the provider aws: region, zones, images, what its machines need and what they cannot have. */
import { accessRules, networkRules, type AwsSpec } from "./access-rules.ts";
import { counted, machines } from "./counts.ts";
import { nearest } from "./nearest.ts";
import type { SpecPath } from "./problem.ts";
import { imageNames } from "./provider-schema.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { volumeRules } from "./volume-rules.ts";
import { listed, shown } from "./words.ts";

type SpecNode = Spec["nodes"][number];

/** Source: docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html (a spread group takes seven instances a zone). */
const mostInSpread = 7;
/** Source: docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html; a resource has 50, some of them kctl's. */
const mostTags = 40;
/** In MiB; no image of kctl's fits on a smaller one. */
const leastRoot = 8 * 1024;

export function awsRules(spec: Spec): RuleResult {
  const { provider } = spec;
  if (provider.type !== "aws") return { problems: [], warnings: [] };
  const access = accessRules(spec, provider);
  const problems = [
    ...regionRule(provider),
    ...zoneRules(spec, provider),
    ...imageRules(spec, provider),
    ...tagRules(provider),
    ...networkRules(provider),
    ...spreadRules(spec, provider),
    ...spec.nodes.flatMap((node, index) => nodeProblems(node, index, provider)),
    ...advertiseRule(spec),
  ];
  return {
    problems: [...access.problems, ...problems],
    warnings: [...access.warnings, ...oneZone(spec), ...noVolume(spec)],
  };
}

function rule(path: SpecPath, what: string, fix: string, needs: readonly SpecPath[] = []): RuleProblem {
  return { code: "spec-rule", path, what, fix, needs };
}

const regionPath = ["provider", "region"];
const regionForm = /^[a-z]{2,3}(-[a-z]+)+-[0-9]+$/;

function regionRule({ region }: AwsSpec): RuleProblem[] {
  if (regionForm.test(region)) return [];
  const [, inside] = /^([a-z-]+-[0-9]+)[a-z]$/.exec(region) ?? [];
  if (inside !== undefined)
    return [rule(regionPath, `${shown(region)} is a zone, not a region`, `write ${shown(inside)}`)];
  return [rule(regionPath, `${shown(region)} is not a region of AWS`, "write one such as `eu-central-1`")];
}

/** A zone is its region and a letter; local ones have a place between them (`us-west-2-lax-1a`). */
function zoneRules({ nodes }: Spec, { region, zones = [] }: AwsSpec): RuleProblem[] {
  if (!regionForm.test(region)) return [];
  const check = (zone: string, path: SpecPath): RuleProblem[] => {
    const rest = zone.startsWith(region) ? zone.slice(region.length) : "";
    if (/^([a-z]|-[a-z]+-[0-9]+[a-z])$/.test(rest)) return [];
    const what = /^[a-z0-9]+-az[0-9]+$/.test(zone)
      ? `${shown(zone)} is the id of a zone; kctl takes its name`
      : `${shown(zone)} is not a zone of ${shown(region)}`;
    return [rule(path, what, `write one such as ${shown(`${region}a`)}`, [regionPath])];
  };
  const listedZones = zones.flatMap((zone, index) => {
    const path = ["provider", "zones", index];
    if (zones.indexOf(zone) !== index)
      return [rule(path, `the zone ${shown(zone)} is here twice`, "take one of them out")];
    return check(zone, path);
  });
  const ofNodes = nodes.flatMap(({ zone }, index) => (zone === undefined ? [] : check(zone, ["nodes", index, "zone"])));
  return [...listedZones, ...ofNodes];
}

function imageRules({ nodes }: Spec, { image }: AwsSpec): RuleProblem[] {
  const check = (name: string | undefined, path: SpecPath): RuleProblem[] => {
    if (name === undefined || /^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(name)) return [];
    if (imageNames.some((known) => known === name)) return [];
    const near = nearest(name, imageNames);
    const fix =
      near === null ? `use one of ${listed(imageNames, "and")}, or an AMI's id` : `did you mean ${shown(near)}?`;
    const what = name.startsWith("ami-")
      ? `${shown(name)} is not the id of an AMI: \`ami-\` and 17 hexadecimal digits (or 8)`
      : `kctl knows no image ${shown(name)}`;
    return [{ code: "spec-bad-value", path, what, fix }];
  };
  return [
    ...check(image, ["provider", "image"]),
    ...nodes.flatMap((node, index) => check(node.image, ["nodes", index, "image"])),
  ];
}

function tagRules({ tags }: AwsSpec): RuleProblem[] {
  const names = Object.keys(tags);
  const path = ["provider", "tags"];
  const tooMany =
    names.length <= mostTags
      ? []
      : [rule(path, `there are ${names.length} tags; EC2 takes 50, and kctl needs some of them`, `keep ${mostTags}`)];
  const wrong = names.flatMap((name) => {
    const at = [...path, name];
    const [, owner] = /^(aws|kctl):/i.exec(name) ?? [];
    if (owner !== undefined) {
      const whose = owner.toLowerCase() === "aws" ? "AWS's own" : "kctl's own: it knows by them what it made";
      return [rule(at, `tags that start with ${shown(`${owner}:`)} are ${whose}`, "choose another name")];
    }
    if (name.length > 128)
      return [rule(at, `this tag's name has ${name.length} characters; 128 is the most`, "choose a shorter one")];
    const { length } = tags[name] ?? "";
    return length > 256 ? [rule(at, `this tag has ${length} characters; 256 is the most`, "shorten it")] : [];
  });
  return [...tooMany, ...wrong];
}

function nodeProblems(node: SpecNode, index: number, provider: AwsSpec): RuleProblem[] {
  const path = ["nodes", index];
  const without: RuleProblem[] =
    node.instanceType !== undefined
      ? []
      : [
          {
            code: "spec-missing-key",
            path: [...path, "instanceType"],
            what: "a node on aws needs an `instanceType`",
            fix: "add `instanceType: m7g.large`, for example",
          },
        ];
  const forms = (node.instanceType ?? []).flatMap((type, at) =>
    /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/.test(type)
      ? []
      : [
          rule(
            [...path, "instanceType", at],
            `${shown(type)} is not a type of instance`,
            "write one such as `m7g.large`",
          ),
        ],
  );
  const spot =
    node.spot === true && provider.terminationProtection
      ? [
          rule(
            [...path, "spot"],
            "EC2 does not protect spot instances from termination",
            "take `spot` out, or `provider.terminationProtection`",
            [["provider", "terminationProtection"]],
          ),
        ]
      : [];
  return [...without, ...forms, ...spot, ...rootRule(node, path), ...volumeRules(node.volume, [...path, "volume"])];
}

function spreadRules({ nodes }: Spec, { placement, zones }: AwsSpec): RuleProblem[] {
  if (placement !== "spread") return [];
  const path = ["provider", "placement"];
  const fix = "write `placement: partition`, or `zones`";
  const total = nodes.reduce((sum, node) => sum + machines(node), 0);
  const here = nodes.every(({ zone }) => zone === undefined) ? zones : undefined;
  if (here !== undefined && total > here.length * mostInSpread)
    return [
      rule(
        path,
        `a spread group takes ${mostInSpread} machines in each zone: ${here.length * mostInSpread} in ${counted(here.length, "zone")}, not ${total}`,
        fix,
        [["nodes"], ["provider", "zones"]],
      ),
    ];
  const byZone = Map.groupBy(
    nodes.filter(({ zone }) => zone !== undefined),
    ({ zone }) => zone ?? "",
  );
  return [...byZone].flatMap(([zone, its]) => {
    const count = its.reduce((sum, node) => sum + machines(node), 0);
    if (count <= mostInSpread) return [];
    const what = `a spread group takes ${mostInSpread} machines in a zone, and ${shown(zone)} would have ${count}`;
    return [rule(path, what, fix, [["nodes"]])];
  });
}

/** The whole group stands or falls with one zone. */
function oneZone({ nodes }: Spec): RuleProblem[] {
  return nodes.flatMap((node, index): RuleProblem[] => {
    const count = machines(node);
    if (node.zone === undefined || count < 2) return [];
    return [
      rule(
        ["nodes", index, "zone"],
        `all ${count} nodes of the group ${shown(node.group ?? "")} would be in the zone ${shown(node.zone)}, and go with it`,
        "take `zone` out: kctl then spreads them over the zones",
        [["nodes", index]],
      ),
    ];
  });
}

/** A machine that ends, or is replaced, takes its own disk along. Where all of it is to end by itself, nothing is lost by that. */
function noVolume({ nodes, ttl }: Spec): RuleProblem[] {
  if (ttl !== undefined) return [];
  return nodes.flatMap((node, index): RuleProblem[] => {
    if (node.volume !== undefined) return [];
    const who = node.group === undefined ? shown(node.name ?? "") : `the group ${shown(node.group)}`;
    return [
      {
        ...rule(
          ["nodes", index],
          `${who} has no \`volume\`: its data lies on the machine's own disk, and is gone with the machine`,
          "add `volume: { size: 200GiB }`, for example",
        ),
        at: "key",
      },
    ];
  });
}

function rootRule({ rootSize, volume }: SpecNode, path: SpecPath): RuleProblem[] {
  if (rootSize === undefined || rootSize >= leastRoot) return [];
  const more = volume === undefined ? ", Kafka and its data" : " and Kafka";
  return [rule([...path, "rootSize"], `a disk for the system${more} has at least 8GiB`, "write `16GiB`")];
}

function advertiseRule({ kafka }: Spec): RuleProblem[] {
  return (["clients", "external"] as const).flatMap((listener) =>
    kafka[listener]?.advertise === "address"
      ? [
          rule(
            ["kafka", listener, "advertise"],
            "on aws no address stands in the spec that brokers could tell clients",
            "write `private` or `public`",
          ),
        ]
      : [],
  );
}
