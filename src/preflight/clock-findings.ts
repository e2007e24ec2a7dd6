/** Clocks that differ: between machines, where records and sessions suffer, and from the operator's, which may be the wrong one. */
import type { Finding } from "./finding.ts";
import type { HostFacts } from "./host-facts.ts";

const mostSeconds = 5;

type Clock = { readonly node: string; readonly ahead: number; readonly within: number };

const fix = "have them all kept by NTP: `timedatectl set-ntp true`, or chrony; `timedatectl` shows whether it is";

export function clockFindings(facts: ReadonlyMap<string, HostFacts>): readonly Finding[] {
  const clocks = [...facts].flatMap(([node, { clock }]): readonly Clock[] =>
    clock === null ? [] : [{ node, ...clock }],
  );
  const [first, last] = [
    clocks.toSorted((a, b) => a.ahead - b.ahead)[0],
    clocks.toSorted((a, b) => b.ahead - a.ahead)[0],
  ];
  return [...(first === undefined || last === undefined ? [] : apart(first, last)), ...clocks.flatMap(fromHere)];
}

/** How far it is for certain. */
const atLeast = (seconds: number, within: number): number => Math.abs(seconds) - within;

function apart(first: Clock, last: Clock): readonly Finding[] {
  const seconds = last.ahead - first.ahead;
  if (atLeast(seconds, first.within + last.within) <= mostSeconds) return [];
  return [
    {
      id: "clocks-apart",
      node: last.node,
      level: "error",
      what: `the clocks of ${first.node} and ${last.node} differ: timestamps of records jump when a leader moves, and logs cannot be read together`,
      measured: `${last.node} is ${seconds.toFixed(1)} s ahead`,
      wanted: `at most ${mostSeconds} s`,
      fix,
    },
  ];
}

function fromHere({ node, ahead, within }: Clock): readonly Finding[] {
  if (atLeast(ahead, within) <= mostSeconds) return [];
  return [
    {
      id: "clock",
      node,
      level: "warning",
      what: "its clock and that of this machine differ",
      measured: `${Math.abs(ahead).toFixed(1)} s ${ahead > 0 ? "ahead" : "behind"}`,
      wanted: `at most ${mostSeconds} s`,
      fix,
    },
  ];
}
