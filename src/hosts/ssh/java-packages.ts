/** Which package of which distribution brings which Java, and by what a distribution installs packages. */
import { isFittingJava, type HostJava } from "../../services/desired.ts";

export type JavaPackage = { readonly name: string; readonly major: number };

export type JavaPackages = {
  readonly manager: "apt" | "dnf";
  /** Those that will do, the best first. */
  readonly packages: readonly JavaPackage[];
};

type Family = "debian" | "ubuntu" | "amzn" | "rhel" | "fedora";

/** Long-term versions by release; the newest release known stands for later ones. */
const majors: Readonly<Record<Family, readonly (readonly [release: number, majors: readonly number[]])[]>> = {
  debian: [
    [11, [11, 17]],
    [12, [17]],
    [13, [21, 25]],
  ],
  ubuntu: [
    [20, [8, 11, 17, 21]],
    [22, [8, 11, 17, 21]],
    [24, [8, 11, 17, 21]],
  ],
  amzn: [[2023, [8, 11, 17, 21]]],
  rhel: [
    [8, [8, 11, 17, 21]],
    [9, [8, 11, 17, 21]],
    [10, [21]],
  ],
  fedora: [[41, [21]]],
};

function nameOf(family: Family, major: number): string {
  const old = major === 8 ? "1.8.0" : String(major);
  switch (family) {
    case "debian":
    case "ubuntu":
      return `openjdk-${major}-jre-headless`;
    case "amzn":
      return major === 8 ? "java-1.8.0-amazon-corretto" : `java-${major}-amazon-corretto-headless`;
    case "rhel":
    case "fedora":
      return `java-${old}-openjdk-headless`;
  }
}

/** Fields of /etc/os-release: the values may stand in quotes of either kind. */
function fieldOf(osRelease: string, name: string): string {
  return new RegExp(`^${name}=["']?([^"'\n]*)["']?$`, "m").exec(osRelease)?.[1] ?? "";
}

function familyOf(osRelease: string): { readonly family: Family; readonly own: boolean } | null {
  const id = fieldOf(osRelease, "ID");
  const like = fieldOf(osRelease, "ID_LIKE").split(" ");
  if (id === "debian" || id === "ubuntu" || id === "amzn" || id === "fedora") return { family: id, own: true };
  if (["rhel", "rocky", "almalinux", "centos", "ol"].includes(id)) return { family: "rhel", own: true };
  for (const family of ["ubuntu", "debian", "rhel", "fedora"] as const)
    if (like.includes(family)) return { family, own: false };
  return null;
}

/** Null where kctl knows none of it. */
export function packageManager(osRelease: string): JavaPackages["manager"] | null {
  const found = familyOf(osRelease);
  return found === null ? null : managerOf(found.family);
}

function managerOf(family: Family): JavaPackages["manager"] {
  return family === "debian" || family === "ubuntu" ? "apt" : "dnf";
}

/** The recommended one first, then the nearest above it, then the nearest below that will do. */
function byPreference(best: number): (a: number, b: number) => number {
  const rank = (major: number): number => (major >= best ? major - best : 1000 + best - major);
  return (a, b) => rank(a) - rank(b);
}

/** Null where the distribution is none whose packages kctl knows. */
export function javaPackages(osRelease: string, java: Pick<HostJava, "least" | "best" | "most">): JavaPackages | null {
  const found = familyOf(osRelease);
  if (found === null) return null;
  const { family, own } = found;
  const releases = majors[family];
  const release = Number.parseInt(fieldOf(osRelease, "VERSION_ID"), 10);
  // One that is only like it counts its releases in its own way: then any that some release has is asked for.
  const known = own ? releases.findLast(([each]) => each <= release)?.[1] : releases.flatMap(([, each]) => each);
  const fitting = [...new Set(known)].filter((major) => isFittingJava(java, major)).toSorted(byPreference(java.best));
  return {
    manager: managerOf(family),
    packages: fitting.map((major) => ({ name: nameOf(family, major), major })),
  };
}
