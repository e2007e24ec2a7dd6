/**
 * What EBS allows of a volume, by its type.
 * Sources: docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html, general-purpose.html and provisioned-iops.html there,
 * and EC2's API reference, CreateVolume (Size, Iops, Throughput).
 */
import type { SpecPath } from "./problem.ts";
import type { volumeTypes } from "./node-schema.ts";
import type { RuleProblem } from "./rules.ts";
import type { Spec } from "./schema.ts";

type Volume = NonNullable<Spec["nodes"][number]["volume"]>;
type Range = readonly [least: number, most: number];

type Limits = {
  readonly sizeGiB: Range;
  /** null: it cannot be chosen; EBS gives what goes with the size. */
  readonly iops: Range | null;
  /** At most so many for each GiB. */
  readonly iopsPerGiB: number;
  readonly throughput: Range | null;
};

const limits: Readonly<Record<(typeof volumeTypes)[number], Limits>> = {
  gp3: { sizeGiB: [1, 65_536], iops: [3000, 80_000], iopsPerGiB: 500, throughput: [125, 2000] },
  gp2: { sizeGiB: [1, 16_384], iops: null, iopsPerGiB: 0, throughput: null },
  io2: { sizeGiB: [4, 65_536], iops: [100, 256_000], iopsPerGiB: 1000, throughput: null },
  st1: { sizeGiB: [125, 16_384], iops: null, iopsPerGiB: 0, throughput: null },
};

/** gp3: a quarter of a MiB/s for each provisioned IOPS. */
const iopsPerThroughput = 4;

type Say = (key: string, what: string, fix: string) => RuleProblem;

export function volumeRules(volume: Volume | undefined, path: SpecPath): RuleProblem[] {
  if (volume === undefined) return [];
  const say: Say = (key, what, fix) => ({ code: "spec-rule", path: [...path, key], what, fix, needs: [path] });
  const its = limits[volume.type];
  return [
    ...sizeProblems(volume, its, say),
    ...iopsProblems(volume, its, say),
    ...throughputProblems(volume, its, say),
  ];
}

const choose = "choose a number in that range";

function sizeProblems({ type, size }: Volume, { sizeGiB }: Limits, say: Say): RuleProblem[] {
  const gibibytes = size / 1024;
  if (!Number.isInteger(gibibytes))
    return [say("size", "EBS counts in whole GiB", `write \`${Math.ceil(gibibytes)}GiB\``)];
  return within(gibibytes, sizeGiB)
    ? []
    : [say("size", `a ${type} volume has ${range(sizeGiB)} GiB`, "choose a size in that range")];
}

function iopsProblems({ type, size, iops }: Volume, its: Limits, say: Say): RuleProblem[] {
  if (iops === undefined)
    return type === "io2" ? [say("type", "an io2 volume needs `iops`", "add `iops: 10000`, for example")] : [];
  if (its.iops === null)
    return [say("iops", `IOPS of a ${type} volume follow from its size`, "take `iops` out, or write `type: gp3`")];
  if (!within(iops, its.iops)) return [say("iops", `a ${type} volume has ${range(its.iops)} IOPS`, choose)];
  const most = Math.floor(size / 1024) * its.iopsPerGiB;
  // The least that there is goes with every size.
  if (iops <= Math.max(most, its.iops[0])) return [];
  const what = `a ${type} volume of ${size / 1024} GiB has ${most} IOPS at most, ${its.iopsPerGiB} for each GiB`;
  return [say("iops", what, `make it \`${Math.ceil(iops / its.iopsPerGiB)}GiB\`, or lower \`iops\``)];
}

function throughputProblems({ type, iops, throughput }: Volume, its: Limits, say: Say): RuleProblem[] {
  if (throughput === undefined) return [];
  if (its.throughput === null) {
    const what = `the throughput of a ${type} volume cannot be chosen`;
    return [say("throughput", what, "take `throughput` out, or write `type: gp3`")];
  }
  if (!within(throughput, its.throughput))
    return [say("throughput", `a ${type} volume has ${range(its.throughput)} MiB/s`, choose)];
  const needed = throughput * iopsPerThroughput;
  const has = iops ?? its.iops?.[0] ?? 0;
  if (needed <= has) return [];
  const what = `${throughput} MiB/s need ${needed} IOPS, and this volume has ${has}`;
  return [say("throughput", what, iops === undefined ? `add \`iops: ${needed}\`` : `write \`iops: ${needed}\``)];
}

function within(value: number, [least, most]: Range): boolean {
  return value >= least && value <= most;
}

function range([least, most]: Range): string {
  return `${least} to ${most}`;
}
