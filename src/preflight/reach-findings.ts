/** Nodes that do not reach each other: a machine that answers nothing, or a firewall in between, named with the pair and its ports. */
import type { Finding } from "./finding.ts";
import type { HostFacts, Reached } from "./host-facts.ts";
import type { Path } from "./paths.ts";

type Blocked = { readonly path: Path; readonly reached: Reached };

export function reachFindings(paths: readonly Path[], facts: ReadonlyMap<string, HostFacts>): readonly Finding[] {
  return [...facts].flatMap(([node, { reaches }]): readonly Finding[] => {
    // One that cannot be asked may be off, which is told of it already.
    const mine = paths.filter(({ from, to }) => from === node && facts.has(to));
    if (mine.length === 0) return [];
    if (reaches === null) return [untried(node)];
    const blocked = mine.flatMap((path): readonly Blocked[] => {
      const reached = reaches.find(({ address, port }) => address === path.address && port === path.port);
      return reached?.answer === "silent" || reached?.answer === "unreachable" ? [{ path, reached }] : [];
    });
    const others = Map.groupBy(blocked, ({ path }) => path.to);
    return [...others].map(([to, ports]) =>
      blockedFinding(node, to, ports, ports.length === mine.filter((path) => path.to === to).length),
    );
  });
}

function untried(node: string): Finding {
  return {
    id: "reach-untried",
    node,
    level: "warning",
    what: "whether it reaches the other nodes cannot be tried: it has neither bash nor curl",
    measured: "neither",
    wanted: "bash or curl",
    fix: "install bash there",
  };
}

/** @param all whether nothing of what was tried there answers */
function blockedFinding(from: string, to: string, blocked: readonly Blocked[], all: boolean): Finding {
  const ports = blocked.map(({ path }) => path.port).toSorted((a, b) => a - b);
  const names = blocked.map(({ path: { port, what } }) => `${port} (${what})`).join(", ");
  const address = blocked[0]?.path.address ?? to;
  const rejected = blocked.find(({ reached }) => reached.answer === "unreachable")?.reached;
  const ofPorts = `${ports.length === 1 ? "port" : "ports"} ${ports.join(", ")}`;
  const answer = rejected === undefined ? "no answer" : `rejected (${rejected.said})`;
  return {
    id: "unreachable-port",
    node: from,
    level: "error",
    what: `${from} does not reach ${to} (${address}) on ${names}: a firewall is in between`,
    measured: `${answer} on ${ofPorts}${all ? ", which are all that were tried" : ""}`,
    wanted: "a connection, or a refusal where nobody listens yet",
    fix: `let TCP from ${from} to ${to}, ${ofPorts}, through: on ${to} itself (nftables, firewalld, ufw) and in the network (security groups)`,
  };
}
