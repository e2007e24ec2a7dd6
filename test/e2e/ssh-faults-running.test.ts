/** Faults of a cluster that runs on hosts, and of a kctl that is killed while it works on them. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { injectFault } from "../faults/fault.ts";
import { kctl, start, type Ended } from "./kctl.ts";
import { expectItsLock, goesOnAfter, killAfter, seeded } from "./ssh-kills.ts";
import { ageLocks, converges, expectFailure, leavesNothing, yaml } from "./ssh-law.ts";
import { births, closeSite, hostOf, openSite, restarted, untilHealthy, type Site } from "./ssh-site.ts";

const servers = ["kafka-1/broker", "kafka-1/controller", "kafka-2/broker"];
const meta = "/var/lib/kctl/demo/broker/meta.properties";
const jvm = "$(systemctl show --value --property=MainPID kctl-demo-broker)";

/** The full run has other moments each time. */
const seed = Number(process.env["KCTL_TEST_SEED"] ?? 7);

describe(`a cluster on two hosts, as admin with sudo; KCTL_TEST_SEED=${seed}`, { timeout: 300_000 }, () => {
  const random = seeded(seed);
  const [inUp, inRoll, inDestroy] = [random(), random(), random()];
  let site: Site;
  const run = (...args: readonly string[]): Promise<Ended> => kctl(site.place, ...args);
  const on = (command: string): Promise<string> => hostOf(site, "kafka-2").run(command);
  const configure = async (config: string): Promise<void> => {
    const spec = await readFile(site.spec, "utf8");
    await writeFile(site.spec, spec.replace(/version: 4\.3\.1.*\}/u, `version: 4.3.1, config: { ${config} } }`));
  };

  beforeAll(async () => {
    site = await openSite({ hosts: 2, login: "admin", yaml, servers });
  });
  afterAll(() => closeSite(site));

  injectFault(25, "SIGKILL at a random moment of a first `up` over SSH from another machine", async () => {
    const killed = await killAfter(site, "up", inUp * 12_000, "another");
    await goesOnAfter(site, killed, () => ageLocks(site));
    return "its lock names it, and ends by the hosts' clocks; the next `up` goes on from there";
  });

  injectFault(31, "one host of a healthy cluster cannot be reached", async () => {
    const before = await births(site);
    await hostOf(site, "kafka-2").cut();
    const away = { code: "ssh-unreachable", node: "kafka-2", what: "kafka-2 cannot be reached over SSH", fix: "" };
    const [plan, status, up] = await Promise.all([run("plan", "--json"), run("status", "--json"), run("up", "--json")]);
    await hostOf(site, "kafka-2").join();
    expectFailure(plan, away);
    expectFailure(up, away);
    expect(status.exit).toBe(1);
    const nodes = status.result?.["nodes"] as { name: string; services: Record<string, string> }[];
    expect(nodes.find(({ name }) => name === "kafka-2")?.services).toEqual({ broker: "unknown" });
    await untilHealthy(site, 180);
    expect(await births(site)).toEqual(before);
    return "`plan`, `status` and `up` exit 1 and name it, its servers are `unknown`; nothing is restarted";
  });

  injectFault(31, "a firewall drops what is sent to the sshd of one host", async () => {
    await on("nft 'table inet wall { chain input { type filter hook input priority 0; tcp dport 22 drop; }; }'");
    const ended: string[] = [];
    const asking = async (...args: readonly string[]): Promise<Ended> => {
      const outcome = await run(...args, "--json");
      ended.push(args.join(" "));
      return outcome;
    };
    const [status, list, lag] = await Promise.all([asking("status"), asking("topics", "list"), asking("lag")]);
    await on("nft delete table inet wall");
    expect(status.lines).toContainEqual(
      expect.objectContaining({ type: "waiting", key: "ssh:kafka-2", what: "kafka-2 to answer over SSH" }),
    );
    expect({ exit: status.exit, healthy: status.result?.["healthy"] }).toEqual({ exit: 1, healthy: false });
    expect(ended[0]).toBe("topics list");
    expect({ exit: list.exit, errors: list.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
    const fault: unknown = expect.objectContaining({ code: "ssh-unreachable", node: "kafka-2" });
    expect(list.lines).toContainEqual({ type: "warning", fault });
    // Its broker serves, so that some groups may be known to it alone.
    expect(lag).toMatchObject({ exit: 1, result: { errors: [{ where: "10.77.0.12:9092" }] } });
    return "`status` says whom it waits for; `topics list` has all from the other host, does not wait, and names this one";
  });

  injectFault(45, "a noisy .bashrc of the user who logs in", async () => {
    await on(
      `cp -p /home/admin/.bashrc /tmp/bashrc; sed -i '1i echo "welcome to $(hostname)"; echo oops >&2' /home/admin/.bashrc`,
    );
    const up = await run("up", "--json");
    await on("mv /tmp/bashrc /home/admin/.bashrc");
    expect({ exit: up.exit, errors: up.result?.["errors"], changed: up.result?.["changed"] }).toEqual({
      exit: 0,
      errors: [],
      changed: 0,
    });
    return "it is not taken for what a command said: the cluster is seen as it is";
  });

  injectFault(69, "meta.properties of another cluster on one of two hosts", async () => {
    const before = await births(site);
    await on(`cp -p ${meta} /run/meta; sed -i 's/^cluster.id=.*/cluster.id=AnotherClustersOwnId_-/' ${meta}`);
    const up = await run("up", "--json");
    expect(await on(`grep cluster.id ${meta}`)).toBe("cluster.id=AnotherClustersOwnId_-\n");
    await on(`cp -p /run/meta ${meta}; rm /run/meta`);
    expectFailure(up, { node: "kafka-2", what: "AnotherClustersOwnId_-", fix: "" });
    expect(await births(site)).toEqual(before);
    return "exit 1, the host and the other cluster's id are named, nothing is touched";
  });

  injectFault(71, "a broker's unit is active, and it answers nobody", async () => {
    await on(`kill -STOP ${jvm}`);
    const status = await run("status", "--json");
    await on(`kill -CONT ${jvm}`);
    expect({ exit: status.exit, healthy: status.result?.["healthy"] }).toEqual({ exit: 1, healthy: false });
    expect(JSON.stringify(status.result)).toContain("broker 2 on kafka-2 does not answer");
    await untilHealthy(site, 180);
    return "`status` exits 1 and says which broker does not answer";
  });

  injectFault(70, "a broker was killed, and its registration still stands, over SSH", async () => {
    const before = await births(site);
    await on(`kill -KILL ${jvm}`);
    await converges(site);
    expect(restarted(before, await births(site))).toEqual(["kafka-2/broker"]);
    return "exit 0: systemd starts it again, once, or `up` does, and `up` waits until it serves";
  });

  injectFault(72, "a broker cannot come back during a roll, since its port was taken meanwhile", async () => {
    const first = hostOf(site, "kafka-1");
    await configure("queued.max.requests: 400");
    const before = await births(site);
    const running = start(site.place, "up", "--yes", "--json");
    const isFree = "! ss -Hltn 'sport = :9092' | grep -q .";
    const taken = first.run(`timeout 100 sh -c "until ${isFree}; do sleep 0.02; done"
systemd-run --quiet --unit=stranger systemd-socket-activate --accept --listen=9092 /bin/cat`);
    const [up] = await Promise.all([running.ended, taken]);
    const after = await births(site);
    await first.run("systemctl stop stranger");
    expectFailure(up, { code: "service-died", node: "kafka-1", what: "kafka-1/broker", fix: "" });
    expect(after["kafka-2/broker"]).toBe(before["kafka-2/broker"]);
    await converges(site);
    expect(restarted(after, await births(site))).toContain("kafka-2/broker");
    return "the roll stops, exit 1, names the broker, and restarts no other; once it can come back the next `up` goes on";
  });

  injectFault(25, "SIGKILL at a random moment of a roll over SSH from another machine", async () => {
    await configure("queued.max.requests: 401");
    const killed = await killAfter(site, "up", inRoll * 12_000, "another");
    await goesOnAfter(site, killed, () => ageLocks(site));
    return "its lock names it, and ends by the hosts' clocks; the next `up` goes on from there";
  });

  injectFault(25, "SIGKILL at a random moment of a `destroy` over SSH", async () => {
    const killed = await killAfter(site, "destroy", inDestroy * 3000, "this");
    if ((await expectItsLock(site, killed, "destroy")) > 0) await ageLocks(site);
    await leavesNothing(site);
    return "its lock is taken over at once; the next `destroy` leaves nothing";
  });
});
