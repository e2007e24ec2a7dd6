/** A cluster on hosts of the lab, which kctl reaches as a user would: from inside their network, with ~/.ssh as it is. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject } from "vitest";
import { difference, type Files } from "../lab/files.ts";
import { lab, type Lab, type Wish } from "../lab/lab.ts";
import { kctl, type Place } from "./kctl.ts";

export type Site = Pick<Place, "folder" | "spec" | "env"> & {
  readonly place: Place;
  readonly lab: Lab;
  /** Each host's files while it was fresh, by its name. */
  readonly fresh: ReadonlyMap<string, Files>;
  /** Of each host as well, what the kernel's settings were that kctl changes. */
  readonly kernel: Readonly<Record<string, string>>;
};

type Wanted = Wish & {
  /** The text of kctl.yaml. */
  readonly yaml: string;
  /** Its servers, `NODE/ROLE`. */
  readonly servers: readonly string[];
};

/** Boots fresh hosts and writes down every file of them. */
export async function openSite({ yaml, servers, ...wish }: Wanted): Promise<Site> {
  const it = await lab(wish);
  const folder = await mkdtemp(join(tmpdir(), "kctl ssh-é-"));
  const spec = join(folder, "kctl.yaml");
  await writeFile(spec, yaml);
  const place = {
    folder,
    spec,
    port: 9092,
    servers: servers.toSorted(),
    env: { PATH: process.env["PATH"], HOME: homedir(), KCTL_CACHE: inject("cache"), NO_COLOR: "1" },
    inside: it.inside,
  };
  const fresh = new Map(await Promise.all(it.hosts.map(async ({ name, files }) => [name, await files()] as const)));
  return { folder, spec, env: place.env, place, lab: it, fresh, kernel: await kernelOf(it) };
}

export async function closeSite(site: Site | undefined): Promise<void> {
  if (site === undefined) return;
  await site.lab.stop();
  await rm(site.folder, { recursive: true, force: true });
}

export function hostOf({ lab: it }: Pick<Site, "lab">, name: string): Lab["hosts"][number] {
  const host = it.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`no host ${name}`);
  return host;
}

async function kernelOf({ hosts }: Lab): Promise<Site["kernel"]> {
  const all = hosts.map(async ({ name, run }) => [name, await run("sysctl vm.swappiness vm.max_map_count")] as const);
  return Object.fromEntries(await Promise.all(all));
}

/** Of every server that runs, `NODE/ROLE`: the boot of its host, its process, and the moment it was born in. */
export async function births({ lab: it }: Pick<Site, "lab">): Promise<Readonly<Record<string, string>>> {
  const script = `for unit in $(systemctl list-units --no-legend --plain --state=active 'kctl-*.service' | cut -d' ' -f1); do
  pid=$(systemctl show --value --property=MainPID "$unit")
  [ "$pid" = 0 ] || echo "$unit $(stat -c %Y /run/systemd/system) $pid $(sed 's/^.*) //' /proc/$pid/stat | cut -d' ' -f20)"
done`;
  const all = await Promise.all(
    it.hosts.map(async ({ name, run }) =>
      (await run(script)).split("\n").flatMap((line): readonly (readonly [string, string])[] => {
        const [, unit, life = ""] = /^kctl-.*-(\w+)\.service (.*)$/u.exec(line) ?? [];
        return unit === undefined ? [] : [[`${name}/${unit}`, life]];
      }),
    ),
  );
  return Object.fromEntries(all.flat().toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export const restarted = (
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] => Object.keys(after).filter((key) => before[key] !== after[key]);

/** By itself, without kctl's help: a broker has a while to be in sync again. */
export async function untilHealthy({ place }: Pick<Site, "place">, seconds: number): Promise<void> {
  await expect
    .poll(async () => (await kctl(place, "status", "--json")).result, { timeout: seconds * 1000, interval: 1000 })
    .toMatchObject({ healthy: true });
}

/** What a package, or a user, that came and went leaves by right: the books and logs of those who manage them, and their older copies. */
const ofManagers: readonly RegExp[] = [
  /^\/var\/log\/(apt\/|dpkg\.log|alternatives\.log)/u,
  /^\/var\/lib\/(apt\/|ucf\/|dpkg\/[a-z]+-old: )/u,
  /^\/var\/cache\/(apt\/(src)?pkgcache\.bin|debconf\/|ldconfig\/)/u,
  /^\/etc\/(passwd|group|shadow|gshadow)-: /u,
  // sudo's own note that its greeting was read.
  /^\/home\/admin\/\.sudo_as_admin_successful: /u,
];

export async function expectFresh({ lab: it, fresh, kernel }: Pick<Site, "lab" | "fresh" | "kernel">): Promise<void> {
  expect(await kernelOf(it)).toEqual(kernel);
  const found = await Promise.all(
    it.hosts.map(async ({ name, files }) =>
      difference(fresh.get(name) ?? new Map(), await files())
        .filter((line) => !ofManagers.some((path) => path.test(line)))
        .map((line) => `${name}: ${line}`),
    ),
  );
  expect(found.flat()).toEqual([]);
}
