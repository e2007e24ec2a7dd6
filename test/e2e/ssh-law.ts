/** What holds after every fault of machines: a clear error, the next `up` converges, nothing is left to change, nothing stays. */
import { expect } from "vitest";
import { kctl, type Ended } from "./kctl.ts";
import { changesOf, codesOf } from "./law.ts";
import { births, expectFresh, type Site } from "./ssh-site.ts";

export const yaml = `name: demo
provider: { type: ssh, user: admin, identityFile: ~/.ssh/id_ed25519 }
kafka: { version: 4.3.1 }
nodes:
  - { name: kafka-1, address: 10.77.0.11, roles: [controller, broker] }
  - { name: kafka-2, address: 10.77.0.12, roles: [broker] }
`;

export type Told = {
  readonly code: string;
  readonly node: string | null;
  readonly what: string;
  readonly fix: string | null;
};

/** Parts of what one of its errors must say; every error must say what to do. */
type Expected = { readonly code?: string; readonly node: string; readonly what: string; readonly fix: string };

export function expectFailure(ended: Ended, { code, node, what, fix }: Expected): void {
  const errors = (ended.result?.["errors"] ?? []) as readonly Told[];
  const isExpected = (error: Told): boolean =>
    error.node === node &&
    (code === undefined || error.code === code) &&
    error.what.includes(what) &&
    (error.fix ?? "").includes(fix);
  expect({ exit: ended.exit, errors: errors.some(isExpected) ? "as expected" : errors }).toEqual({
    exit: 1,
    errors: "as expected",
  });
  expect(errors.filter((error) => (error.fix ?? "") === "")).toEqual([]);
}

export async function converges(site: Site): Promise<void> {
  const up = await kctl(site.place, "up", "--json");
  expect({ exit: up.exit, errors: up.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
  expect(Object.keys(await births(site))).toEqual(site.place.servers);
  const plan = await kctl(site.place, "plan", "--json", "--check");
  expect({ exit: plan.exit, changes: changesOf(plan) }).toEqual({ exit: 0, changes: [] });
  const again = await kctl(site.place, "up", "--json");
  expect({ exit: again.exit, changed: again.result?.["changed"] }).toEqual({ exit: 0, changed: 0 });
}

export async function leavesNothing(site: Site): Promise<void> {
  const destroy = await kctl(site.place, "destroy", "--yes", "--json");
  expect({ exit: destroy.exit, codes: codesOf(destroy) }).toEqual({ exit: 0, codes: [] });
  expect(await births(site)).toEqual({});
  await expectFresh(site);
}

/** What stopped before it began left no folder, user or unit on any host. */
export async function expectUntouched({ lab: it }: Site): Promise<void> {
  const traces = await Promise.all(
    it.hosts.map(({ run }) =>
      run(
        "ls -d /etc/kctl /opt/kctl /var/lib/kctl /var/log/kctl /etc/systemd/system/kctl-* 2>/dev/null; grep -h kctl /etc/hosts /etc/passwd; :",
      ),
    ),
  );
  expect(traces.join("")).toBe("");
}

/** The lease of a kctl that is gone ends by each host's own clock: for it, more than a lease has gone by. */
export async function ageLocks({ lab: it }: Site): Promise<void> {
  await Promise.all(it.hosts.map(({ run }) => run("touch --no-create -d '-61 seconds' /var/lib/kctl/.locks/demo")));
}
