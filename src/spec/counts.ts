/** How many nodes and servers a spec asks for, without writing their names out. */
import type { Spec } from "./schema.ts";

type SpecNode = Spec["nodes"][number];

export function machines(node: SpecNode): number {
  return node.name === undefined ? (node.count ?? 1) : 1;
}

/** Whether the node says how many it is: by one `name`, or by `group` and `count`. */
export function isCounted({ name, group, count }: SpecNode): boolean {
  return name === undefined ? group !== undefined && count !== undefined : group === undefined && count === undefined;
}

export function countOf(spec: Spec, role: SpecNode["roles"][number]): number {
  return spec.nodes.filter((node) => node.roles.includes(role)).reduce((sum, node) => sum + machines(node), 0);
}

/** `1 broker`, `3 brokers`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
