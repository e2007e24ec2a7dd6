/** What the machines of a cluster cost by the hour and the month, from the prices that the spec gives. */

/** Hours of a month, as AWS counts them. */
const monthHours = 730;

export type Volume = {
  readonly type: string;
  readonly sizeGiB: number;
  readonly iops: number | null;
  readonly throughput: number | null;
};

export type Priced = { readonly node: string; readonly instanceType: string; readonly volume: Volume | null };

/** USD; null where a price is not known. */
export type NodeCosts = {
  readonly node: string;
  readonly instanceHour: number | null;
  /** 0: it has none. */
  readonly volumeMonth: number | null;
};

export type Costs = {
  readonly nodes: readonly NodeCosts[];
  readonly hour: number | null;
  readonly month: number | null;
  /** The keys of `provider.prices` that are missing. */
  readonly unknown: readonly string[];
};

/** What a gp3 volume has for nothing: aws.amazon.com/ebs/pricing. */
const included = { iops: 3000, throughput: 125 } as const;

/** @param prices an instance type: USD an hour; a volume type: USD a GiB and month, `TYPE-iops` and `TYPE-throughput` one of them a month */
export function costs(machines: readonly Priced[], prices: Readonly<Record<string, number>>): Costs {
  const missing = new Set<string>();
  const price = (key: string, amount: number): number | null => {
    if (amount === 0) return 0;
    const each = Object.hasOwn(prices, key) ? prices[key] : undefined;
    if (each === undefined) missing.add(key);
    return each === undefined ? null : each * amount;
  };
  const nodes = machines.map(({ node, instanceType, volume }): NodeCosts => ({
    node,
    instanceHour: price(instanceType, 1),
    volumeMonth: volume === null ? 0 : sum(partsOf(volume).map(([key, amount]) => price(key, amount))),
  }));
  const hour = sum(nodes.map(({ instanceHour, volumeMonth }) => sum([instanceHour, per(volumeMonth, monthHours)])));
  const month = hour === null ? null : hour * monthHours;
  return { nodes, hour, month, unknown: [...missing].toSorted() };
}

function partsOf({ type, sizeGiB, iops, throughput }: Volume): readonly (readonly [key: string, amount: number])[] {
  const free = type === "gp3" ? included : { iops: 0, throughput: 0 };
  return [
    [type, sizeGiB],
    [`${type}-iops`, Math.max(0, (iops ?? 0) - free.iops)],
    [`${type}-throughput`, Math.max(0, (throughput ?? 0) - free.throughput)],
  ];
}

function sum(amounts: readonly (number | null)[]): number | null {
  return amounts.reduce<number | null>(
    (total, amount) => (total === null || amount === null ? null : total + amount),
    0,
  );
}

function per(amount: number | null, divisor: number): number | null {
  return amount === null ? null : amount / divisor;
}

/** A line for `plan`; null where the spec has no prices at all. */
export function costsText(
  { hour, month, unknown, nodes }: Costs,
  prices: Readonly<Record<string, number>>,
): string | null {
  if (nodes.length === 0 || Object.keys(prices).length === 0) return null;
  if (hour === null || month === null)
    return `costs unknown: \`provider.prices\` has no price of ${unknown.join(", ")}`;
  const what = "instances and data volumes; the machines' own disks, addresses and traffic come on top";
  return `about ${hour.toFixed(2)} USD an hour, ${month.toFixed(2)} USD a month of ${monthHours} h (${what})`;
}
