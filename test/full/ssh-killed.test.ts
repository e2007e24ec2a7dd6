/** kctl killed with SIGKILL at twenty random points of its work on hosts: of first `up`s, of rolls, of `destroy`s. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { kctl } from "../e2e/kctl.ts";
import { chosenSeed, goesOnAfter, killAfter, lapsesByItself, seeded, spread } from "../e2e/ssh-kills.ts";
import { converges, leavesNothing, yaml } from "../e2e/ssh-law.ts";
import { closeSite, openSite, type Site } from "../e2e/ssh-site.ts";
import { injectFault } from "../faults/fault.ts";
import { hasLab } from "../lab/base.ts";

const servers = ["kafka-1/broker", "kafka-1/controller", "kafka-2/broker"];
const seed = chosenSeed();

describe.runIf(hasLab())(`KCTL_TEST_SEED=${seed}`, { timeout: 3_600_000 }, () => {
  const random = seeded(seed);
  const points = { up: spread(8, random), roll: spread(7, random), destroy: spread(5, random) };
  let site: Site;
  let turn = 0;

  beforeAll(async () => {
    site = await openSite({ hosts: 2, login: "admin", yaml, servers });
  });
  afterAll(() => closeSite(site));

  /** @returns what it took, in milliseconds */
  async function undisturbed(command: string): Promise<number> {
    const began = performance.now();
    const { exit, result } = await kctl(site.place, command, "--yes", "--json");
    expect({ exit, errors: result?.["errors"] }).toEqual({ exit: 0, errors: [] });
    return performance.now() - began;
  }

  /** Another one each time: one that brokers read when they start. */
  async function anotherSetting(): Promise<void> {
    turn += 1;
    const kafka = `kafka: { version: 4.3.1, config: { queued.max.requests: ${500 + turn} } }`;
    const spec = await readFile(site.spec, "utf8");
    await writeFile(site.spec, spec.replace(/^kafka:.*$/mu, kafka));
  }

  const goesOn = async (command: string, milliseconds: number, machine: "this" | "another"): Promise<void> =>
    goesOnAfter(site, await killAfter(site, command, milliseconds, machine), (left) => lapsesByItself(site, left));

  injectFault(25, "SIGKILL to a first `up` over SSH from another machine, at 8 random points of its time", async () => {
    const whole = await undisturbed("up");
    for (const point of points.up) {
      await leavesNothing(site);
      await goesOn("up", point * whole, "another");
    }
    return "its lock names it, and ends by the hosts' clocks; the next `up` goes on from there; `destroy` leaves nothing";
  });

  injectFault(25, "SIGKILL to a roll over SSH from another machine, at 7 random points of its time", async () => {
    await anotherSetting();
    const whole = await undisturbed("up");
    for (const point of points.roll) {
      await anotherSetting();
      await goesOn("up", point * whole, "another");
    }
    return "its lock names it, and ends by the hosts' clocks; the next `up` ends the roll";
  });

  injectFault(25, "SIGKILL to a `destroy` over SSH, at 5 random points of its time", async () => {
    const whole = await undisturbed("destroy");
    await converges(site);
    for (const point of points.destroy) await goesOn("destroy", point * whole, "this");
    await leavesNothing(site);
    return "its lock is taken over at once; `up` makes the cluster again; a `destroy` leaves nothing";
  });
});
