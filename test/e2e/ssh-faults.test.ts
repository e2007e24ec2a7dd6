/** Faults of the way to machines and of the machines: each ends in a clear error, and the next `up` makes the cluster what it should be. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { injectFault } from "../faults/fault.ts";
import { kctl, start, type Ended } from "./kctl.ts";
import { reached } from "./moment.ts";
import { converges, expectFailure, hostsUntouched, leavesNothing, yaml } from "./ssh-law.ts";
import { births, closeSite, hostOf, openSite, untilHealthy, type Site } from "./ssh-site.ts";

const servers = ["kafka-1/broker", "kafka-1/controller", "kafka-2/broker"];

describe("two hosts, as admin with sudo", { timeout: 300_000 }, () => {
  let site: Site;
  const run = (...args: readonly string[]): Promise<Ended> => kctl(site.place, ...args);
  const on = (command: string): Promise<string> => hostOf(site, "kafka-2").run(command);

  beforeAll(async () => {
    site = await openSite({ hosts: 2, login: "admin", yaml, servers });
  });
  afterAll(() => closeSite(site));

  /** With this text in the place of known_hosts. */
  async function upKnowing(change: (text: string) => string): Promise<Ended> {
    const { knownHosts } = site.lab.ssh;
    const text = await readFile(knownHosts, "utf8");
    await writeFile(knownHosts, change(text));
    try {
      return await run("up", "--json");
    } finally {
      await writeFile(knownHosts, text);
    }
  }
  const fingerprint = async (): Promise<string> =>
    (await on("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")).split(" ")[1] ?? "";
  /** Lines of sshd about a user, since it began: none where nobody got as far as saying a name. */
  const namesTold = (): Promise<string> => on("journalctl --no-pager -q -u ssh --grep 'admin|user' || true");

  injectFault(34, "one of two hosts shows another key than known_hosts has", async () => {
    const up = await upKnowing((text) => {
      const first = /^10\.77\.0\.11\S* (.*)$/m.exec(text)?.[1] ?? "";
      return text.replace(/^(10\.77\.0\.12\S*) .*$/m, `$1 ${first}`);
    });
    expectFailure(up, {
      code: "host-key-changed",
      node: "kafka-2",
      what: `kafka-2 shows another host key than the known one: ssh-ed25519 ${await fingerprint()}`,
      fix: "take the old key out: `ssh-keygen -R 10.77.0.12 -f ",
    });
    expect(await namesTold()).toBe("");
    await hostsUntouched(site);
    return "exit 1, the host and the key's fingerprint are named; not even a user's name is sent there, and nothing is changed on the other";
  });

  injectFault(34, "one of two hosts is not in known_hosts", async () => {
    const up = await upKnowing((text) => text.replace(/^10\.77\.0\.12.*\n/m, ""));
    expectFailure(up, {
      code: "host-key-unknown",
      node: "kafka-2",
      what: `the host key of kafka-2 is not known: ssh-ed25519 ${await fingerprint()}`,
      fix: "ssh-keyscan -t ed25519 10.77.0.12 >> ",
    });
    expect(await namesTold()).toBe("");
    await hostsUntouched(site);
    return "exit 1, the fingerprint and how to compare it; not even a user's name is sent there";
  });

  injectFault(44, "sudo asks for a password on one of two hosts", async () => {
    await on("sed -i 's/NOPASSWD://' /etc/sudoers.d/admin");
    const up = await run("up", "--json");
    await on("sed -i 's/ALL$/NOPASSWD:ALL/' /etc/sudoers.d/admin");
    expectFailure(up, {
      code: "sudo-refused",
      node: "kafka-2",
      what: "admin may not become root on kafka-2: sudo asks for a password",
      fix: "admin ALL=(ALL) NOPASSWD: ALL",
    });
    await hostsUntouched(site);
    return "exit 1, the host and the line for sudoers are named; nothing is changed on the other";
  });

  injectFault(56, "a symbolic link is planted where kctl's folder goes", async () => {
    await on("mkdir /srv/theirs && ln -s /srv/theirs /etc/kctl");
    const up = await run("up", "--json");
    expectFailure(up, { node: "kafka-2", what: "/etc/kctl", fix: "" });
    expect(await on("ls -A /srv/theirs")).toBe("");
    await on("rm /etc/kctl && rmdir /srv/theirs");
    await converges(site);
    await leavesNothing(site);
    return "exit 1, the link is named, nothing is written through it; once it is gone the next `up` goes on";
  });

  injectFault(51, "/etc/hosts of one host is immutable", async () => {
    await on("chattr +i /etc/hosts");
    const up = await run("up", "--json");
    await on("chattr -i /etc/hosts");
    expectFailure(up, { code: "host-io", node: "kafka-2", what: "/etc/hosts", fix: "chattr -i" });
    expect(await on("ls -A /etc | grep hosts.kctl || true")).toBe("");
    await converges(site);
    await leavesNothing(site);
    return "exit 1, the host, the file and `chattr -i` are named; the next `up` goes on";
  });

  injectFault(47, "the disk of one host is full", async () => {
    await hostOf(site, "kafka-2").fill();
    const up = await run("up", "--json");
    await hostOf(site, "kafka-2").unfill();
    expectFailure(up, { node: "kafka-2", what: "", fix: "" });
    expect(await on("ls -d /opt/kctl/kafka-* 2>/dev/null || true")).toBe("");
    await converges(site);
    await leavesNothing(site);
    return "exit 1, the host is named, no half of the software lies there; with space the next `up` goes on";
  });

  injectFault(43, "the connection is cut in the middle of sending the software", async () => {
    const host = hostOf(site, "kafka-2");
    await host.slow(8000);
    const running = start(site.place, "up", "--json");
    await reached(running, { type: "change-started", key: /^software kafka-2|kafka.*kafka-2/ });
    await on(`until [ "$(cat /opt/kctl/.incoming/*.part 2>/dev/null | head -c 9000000 | wc -c)" = 9000000 ]; do sleep 0.1; done
for pid in $(ss -Htnp 'sport = :22' | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u); do kill -9 "$pid"; done`);
    const up = await running.ended;
    await host.slow(null);
    if (up.exit !== 0) expectFailure(up, { node: "kafka-2", what: "kafka-2", fix: "run the same command again" });
    await converges(site);
    await leavesNothing(site);
    return "what has arrived is kept, and the rest is sent: by the same `up`, or exit 1 with the host's name and by the next one";
  });

  injectFault(52, "a host loses its power in the middle of a first `up`", async () => {
    const host = hostOf(site, "kafka-2");
    const running = start(site.place, "up", "--json");
    await reached(running, { type: "change-started", key: /^start kafka-1\/controller$/ });
    await host.powerOff();
    const up = await running.ended;
    expectFailure(up, { node: "kafka-2", what: "kafka-2", fix: "" });
    await host.powerOn();
    await converges(site);
    await leavesNothing(site);
    return "exit 1, the host is named; once it is on again the next `up` goes on";
  });

  injectFault(27, "two `up` at once, the first one killed: its lock is left on the hosts", async () => {
    const first = start(site.place, "up", "--json");
    await reached(first, { type: "change-done", key: /^receipt$/ });
    for (const command of ["up", "destroy"]) {
      const second = await run(command, ...(command === "destroy" ? ["--yes"] : []), "--json");
      expectFailure(second, {
        code: "locked",
        node: "kafka-1",
        what: "another kctl is at work on this cluster: `up`, process ",
        fix: "the lock of one that was killed ends by itself",
      });
    }
    expect((await first.ended).exit).toBe(0);
    await converges(site);
    return "the second exits 1 and says who is at work since when, `destroy` likewise; the first one comes to its end";
  });

  describe("a cluster that is up", () => {
    injectFault(31, "one host of a healthy cluster cannot be reached", async () => {
      const before = await births(site);
      await hostOf(site, "kafka-2").cut();
      const plan = await run("plan", "--json");
      expectFailure(plan, {
        code: "ssh-unreachable",
        node: "kafka-2",
        what: "kafka-2 cannot be reached over SSH",
        fix: "",
      });
      const status = await run("status", "--json");
      expect(status.exit).toBe(1);
      const nodes = status.result?.["nodes"] as { name: string; services: Record<string, string> }[];
      expect(nodes.find(({ name }) => name === "kafka-2")?.services).toEqual({ broker: "unknown" });
      const up = await run("up", "--json");
      expectFailure(up, {
        code: "ssh-unreachable",
        node: "kafka-2",
        what: "kafka-2 cannot be reached over SSH",
        fix: "",
      });
      await hostOf(site, "kafka-2").join();
      await untilHealthy(site, 60);
      expect(await births(site)).toEqual(before);
      await converges(site);
      return "`plan`, `status` and `up` exit 1 and name it, its servers are `unknown`; nothing is restarted";
    });

    injectFault(45, "a noisy .bashrc of the user who logs in", async () => {
      await on(`sed -i '1i echo "welcome to $(hostname)"; echo oops >&2' /home/admin/.bashrc 2>/dev/null ||
echo 'echo "welcome"; echo oops >&2' >/home/admin/.bashrc`);
      const up = await run("up", "--json");
      expect({ exit: up.exit, changed: up.result?.["changed"] }).toEqual({ exit: 0, changed: 0 });
      await on("sed -i '/welcome/d' /home/admin/.bashrc; [ -s /home/admin/.bashrc ] || rm /home/admin/.bashrc");
      return "it is not taken for what a command said: the cluster is seen as it is";
    });

    injectFault(72, "a broker never comes back during a roll", async () => {
      const spec = await readFile(site.spec, "utf8");
      await writeFile(
        site.spec,
        spec.replace("version: 4.3.1", "version: 4.3.1, config: { queued.max.requests: 400 }"),
      );
      const before = await births(site);
      const running = start(site.place, "up", "--json", "--timeout", "20s");
      await reached(running, { type: "change-started", key: /kafka-\d\/broker/ });
      await on(
        "nft -f - <<'.'\ntable inet wall { chain input { type filter hook input priority filter; iif != lo tcp dport 9092 drop; }; }\n.",
      );
      const up = await running.ended;
      const after = await births(site);
      await on("nft delete table inet wall");
      expect(up.exit).toBe(1);
      expect(JSON.stringify(up.result?.["errors"])).toContain("kafka-2");
      expect(after["kafka-1/controller"]).toBe(before["kafka-1/controller"]);
      await converges(site);
      return "the roll stops, exit 1, and names the broker; once it is back the next `up` goes on";
    });
  });

  injectFault(28, "`destroy` of a cluster that lived through all of these", async () => {
    await leavesNothing(site);
    return "the hosts are as fresh ones, file by file";
  });
});
