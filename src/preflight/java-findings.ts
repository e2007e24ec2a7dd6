/** A Java that the spec names and that is not on the machine: no other will do, and none is installed in its place. */
import type { ObservedMachine } from "../plan/observed.ts";
import type { HostJava } from "../services/desired.ts";
import type { Finding } from "./finding.ts";

export function javaFindings(node: string, { home }: HostJava, { javas }: ObservedMachine): readonly Finding[] {
  if (home === null || javas.length > 0) return [];
  return [
    {
      id: "java-home",
      node,
      level: "error",
      what: `there is no Java in ${home}, which the spec names`,
      measured: "none",
      wanted: `a Java whose program is ${home}/bin/java`,
      fix: "install it there, name another with `java.home`, or take that line out: kctl then installs one itself",
    },
  ];
}
