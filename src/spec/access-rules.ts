/** Rules of who may reach an EC2 cluster, and over which network: ranges that are ranges, and what is open to everybody. */
import { isWorld, readCidr } from "./cidr.ts";
import { countOf } from "./counts.ts";
import type { SpecPath } from "./problem.ts";
import type { RuleProblem, RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { shown } from "./words.ts";

/** `provider` of a spec for EC2. */
export type AwsSpec = Extract<Spec["provider"], { type: "aws" }>;

const accessPath = ["provider", "access"];
const fromPath = ["kafka", "external", "from"];

function rule(path: SpecPath, what: string, fix: string, needs: readonly SpecPath[] = []): RuleProblem {
  return { code: "spec-rule", path, what, fix, needs };
}

export function accessRules(spec: Spec, { access }: AwsSpec): RuleResult {
  const problems = [
    ...access.ssh.flatMap((range, index) => (range === "auto" ? [] : rangeRule(range, [...accessPath, "ssh", index]))),
    ...access.clients.flatMap((range, index) => rangeRule(range, [...accessPath, "clients", index])),
    ...(spec.kafka.external?.from ?? []).flatMap((range, index) => rangeRule(range, [...fromPath, index])),
    ...(spec.metrics?.from ?? []).flatMap((range, index) => rangeRule(range, ["metrics", "from", index])),
    ...viaRule(access.via),
  ];
  return { problems, warnings: [...worldWarnings(spec, access), ...unusedPorts(spec, access.allowWorld)] };
}

/** EC2 takes no range whose address has bits beyond its mask; what is meant is nearly always the range that it lies in. */
function rangeRule(text: string, path: SpecPath): RuleProblem[] {
  const range = readCidr(text);
  if (range === null)
    return [
      {
        code: "spec-bad-value",
        path,
        what: `${shown(text)} is no range of addresses`,
        fix: "write `10.0.0.0/8` or `2001:db8::/32`, for example",
      },
    ];
  if (!range.hostBits) return [];
  const single = `${text.slice(0, text.indexOf("/"))}/${range.family === 4 ? 32 : 128}`;
  return [
    rule(
      path,
      `${shown(text)} is an address inside of a range, not a range`,
      `write ${shown(range.text)}, or ${shown(single)} for the one address`,
    ),
  ];
}

function viaRule(via: string | undefined): RuleProblem[] {
  if (via === undefined || via === "public" || via === "private") return [];
  if (/^([A-Za-z0-9._-]+@)?([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[1-9][0-9]{0,4})?$/.test(via)) return [];
  return [
    rule(
      [...accessPath, "via"],
      `${shown(via)} is neither \`public\`, \`private\` nor a bastion`,
      "write a bastion as `admin@bastion.example.com:22`",
    ),
  ];
}

function opened(port: number): string {
  return `opens the brokers' port ${port} to everybody, and brokers ask nobody who they are: all topics can be read, written and deleted`;
}

function worldWarnings({ kafka }: Spec, { ssh, clients, allowWorld }: AwsSpec["access"]): RuleProblem[] {
  const warnings = (path: SpecPath, ranges: readonly string[], port: number, what: string, fix: string) =>
    allowWorld.includes(port)
      ? []
      : ranges.flatMap((range, index) =>
          isWorld(range) ? [rule([...path, index], `${shown(range)} ${what}`, fix, [["kafka", "clients"]])] : [],
        );
  return [
    ...warnings(
      [...accessPath, "ssh"],
      ssh,
      22,
      "lets everybody try to log in at port 22",
      "name the networks that you come from, or write `ssh: auto`",
    ),
    ...warnings(
      [...accessPath, "clients"],
      clients,
      kafka.clients.port,
      opened(kafka.clients.port),
      "name the networks of your clients",
    ),
    ...(kafka.external === undefined
      ? []
      : warnings(
          fromPath,
          kafka.external.from ?? [],
          kafka.external.port,
          opened(kafka.external.port),
          "name the networks of your clients",
        )),
  ];
}

/** The ports of each role; test/spec/aws-rules.test.ts compares them with those that services declare. */
export function portsInUse(spec: Spec): readonly number[] {
  const { clients, external } = spec.kafka;
  const metrics = (port: number): readonly number[] => (spec.metrics === undefined ? [] : [port]);
  return [
    22,
    ...(countOf(spec, "zookeeper") > 0 ? [2181, 2888, 3888, ...metrics(7070)] : []),
    ...(countOf(spec, "controller") > 0 ? [9093, ...metrics(7072)] : []),
    ...(countOf(spec, "broker") > 0 ? [9091, clients.port, ...metrics(7071)] : []),
    ...(countOf(spec, "connect") > 0 ? [8083, ...metrics(7073)] : []),
    ...(countOf(spec, "burrow") > 0 ? [8000] : []),
    ...(external === undefined ? [] : [external.port]),
  ];
}

function unusedPorts(spec: Spec, allowed: readonly number[]): RuleProblem[] {
  const used = new Set(portsInUse(spec));
  return allowed.flatMap((port, index) =>
    used.has(port)
      ? []
      : [
          rule([...accessPath, "allowWorld", index], `nothing in this cluster uses the port ${port}`, "take it out", [
            ["nodes"],
            ["kafka"],
          ]),
        ],
  );
}

/** Source: docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html (a VPC's own range: /16 to /28). */
export function networkRules({ network }: AwsSpec): RuleProblem[] {
  if (network === undefined) return [];
  const path = ["provider", "network"];
  const { vpc, subnets, create } = network;
  const problems = create === undefined ? [] : rangeRule(create, [...path, "create"]);
  const range = create === undefined ? null : readCidr(create);
  if (range?.family === 6)
    problems.push(
      rule([...path, "create"], "a VPC of kctl's own has IPv4 addresses", "write `10.20.0.0/16`, for example"),
    );
  else if (range !== null && (range.bits < 16 || range.bits > 24))
    problems.push(
      rule(
        [...path, "create"],
        `${shown(create ?? "")} cannot be a VPC with a subnet in each zone: those are \`/16\` to \`/24\``,
        "write `10.20.0.0/16`, for example",
      ),
    );
  if (create !== undefined && (vpc !== undefined || subnets !== undefined))
    problems.push(
      rule([...path, "create"], "a network is either made or given, not both", "keep `create`, or `vpc` and `subnets`"),
    );
  if (create === undefined && vpc === undefined && subnets === undefined)
    problems.push({
      ...rule(path, "`network` says nothing", "take it out, or write `network: { create: 10.20.0.0/16 }`"),
      at: "key",
    });
  if (vpc !== undefined && !/^vpc-[0-9a-f]{8,17}$/.test(vpc))
    problems.push(
      rule([...path, "vpc"], `${shown(vpc)} is not the id of a VPC`, "write `vpc-` and its digits, as EC2 shows them"),
    );
  for (const [index, subnet] of (subnets ?? []).entries())
    if (!/^subnet-[0-9a-f]{8,17}$/.test(subnet))
      problems.push(
        rule(
          [...path, "subnets", index],
          `${shown(subnet)} is not the id of a subnet`,
          "write `subnet-` and its digits, as EC2 shows them",
        ),
      );
  return problems;
}
