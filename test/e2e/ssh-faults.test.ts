/** Faults of the way to machines and of the machines: each ends in a clear error, and the next `up` makes the cluster what it should be. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { injectFault } from "../faults/fault.ts";
import { kctl, start, type Ended, type Run } from "./kctl.ts";
import { ageLocks, converges, expectFailure, expectUntouched, leavesNothing, yaml } from "./ssh-law.ts";
import { closeSite, expectFresh, hostOf, openSite, type Site } from "./ssh-site.ts";

const servers = ["kafka-1/broker", "kafka-1/controller", "kafka-2/broker"];

describe("two hosts, as admin with sudo", { timeout: 300_000 }, () => {
  let site: Site;
  const run = (...args: readonly string[]): Promise<Ended> => kctl(site.place, ...args);
  const on = (command: string): Promise<string> => hostOf(site, "kafka-2").run(command);

  beforeAll(async () => {
    site = await openSite({ hosts: 2, login: "admin", yaml, servers });
  });
  afterAll(() => closeSite(site));

  describe("found before anything is changed", () => {
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
      await expectUntouched(site);
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
      await expectUntouched(site);
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
      await expectUntouched(site);
      return "exit 1, the host and the line for sudoers are named; nothing is changed on the other";
    });

    injectFault(39, "one of two hosts still boots: pam_nologin turns users away", async () => {
      await on("echo 'System is booting up. Unprivileged users are not permitted to log in yet.' >/run/nologin");
      const up = await run("up", "--json");
      await on("rm /run/nologin");
      expectFailure(up, {
        code: "ssh-auth-refused",
        node: "kafka-2",
        what: "kafka-2 lets nobody but root in at the moment: it boots",
        fix: "wait until it is up",
      });
      await expectUntouched(site);
      return "exit 1, the host is named, and that it boots; nothing is changed on the other";
    });

    injectFault(49, "a port that a broker needs is taken by a stranger", async () => {
      await on(`systemd-run --quiet --unit=stranger systemd-socket-activate --accept --listen=9092 /bin/cat
until ss -Hltn 'sport = :9092' | grep -q .; do sleep 0.05; done`);
      const up = await run("up", "--json");
      await on("systemctl stop stranger");
      expectFailure(up, { code: "port-taken", node: "kafka-2", what: "9092", fix: "" });
      await expectUntouched(site);
      return "exit 1, the port and the process that has it are named; nothing is changed on any host";
    });

    injectFault(55, "a host with 512 MB of memory, less than the heap of its broker", async () => {
      await on(
        "sed 's/^MemTotal:.*/MemTotal: 524288 kB/' /proc/meminfo >/run/meminfo; mount --bind /run/meminfo /proc/meminfo",
      );
      const up = await run("up", "--json");
      await on("umount /proc/meminfo; rm /run/meminfo");
      expectFailure(up, { code: "preflight-failed", node: "kafka-2", what: "larger than its memory", fix: "heap" });
      await expectUntouched(site);
      return "exit 1, with the heaps and what there is; nothing is changed on any host";
    });

    injectFault(56, "a symbolic link is planted where kctl's folder goes", async () => {
      await on("mkdir /srv/theirs && ln -s /srv/theirs /etc/kctl");
      const up = await run("up", "--json");
      expectFailure(up, { node: "kafka-2", what: "/etc/kctl", fix: "" });
      expect(await on("ls -A /srv/theirs")).toBe("");
      await on("rm /etc/kctl && rmdir /srv/theirs");
      // Nor did any of the faults before it leave a thing.
      await expectFresh(site);
      return "exit 1, the link is named, nothing is written through it";
    });
  });

  describe("met by a first `up`, which the next one goes on from", () => {
    const kafka2 = () => hostOf(site, "kafka-2");
    /** Resolves once a megabyte of the software more is on kafka-2; it comes slowly from then on. */
    async function whileSending(kilobytesPerSecond = 4000): Promise<Run> {
      await kafka2().slow(kilobytesPerSecond);
      const size = "$(cat /opt/kctl/.incoming/*.part 2>/dev/null | wc -c)";
      const before = Number(await on(`echo ${size}`));
      const running = start(site.place, "up", "--json");
      const more = on(`timeout 100 sh -c 'until [ ${size} -gt ${before + 1_000_000} ]; do sleep 0.1; done'`);
      await Promise.race([more, running.ended]);
      return running;
    }
    let going: Run;

    injectFault(47, "the disk of one host becomes full while the software is sent", async () => {
      const running = await whileSending();
      await kafka2().fill();
      await kafka2().slow(null);
      const up = await running.ended;
      await kafka2().unfill();
      expectFailure(up, {
        code: "host-io",
        node: "kafka-2",
        what: "no space is left to install kafka-4.3.1",
        fix: "df -h",
      });
      expect(await on("ls /opt/kctl /opt/kctl/.incoming")).toBe("/opt/kctl:\n\n/opt/kctl/.incoming:\n");
      return "exit 1, the host and what there was no space for are named, no half of the software lies there";
    });

    injectFault(52, "a host loses its power while the software is sent to it", async () => {
      const running = await whileSending();
      await kafka2().powerOff();
      const up = await running.ended;
      expectFailure(up, { node: "kafka-2", what: "kafka-2", fix: "" });
      await kafka2().powerOn();
      await ageLocks(site);
      return "exit 1, the host is named; once it is on again, and the lease of its lock has ended, the next `up` goes on";
    });

    injectFault(27, "two `up` at once", async () => {
      // So slowly that it is not over once both have been told, and the next fault has come.
      going = await whileSending(500);
      for (const command of ["up", "destroy"]) {
        const second = await run(command, ...(command === "destroy" ? ["--yes"] : []), "--json");
        expectFailure(second, {
          code: "locked",
          node: "kafka-1",
          what: `another kctl is at work on this cluster: \`up\`, process ${going.child.pid} of `,
          fix: "the lock of one that was killed ends by itself",
        });
      }
      return "the second exits 1 and says who is at work since when, `destroy` likewise; the first one goes on";
    });

    injectFault(43, "the connection is cut in the middle of sending the software", async () => {
      await on(
        `for pid in $(ss -Htnp 'sport = :22' | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u); do kill -9 "$pid"; done`,
      );
      await kafka2().slow(null);
      const up = await going.ended;
      expect({ exit: up.exit, errors: up.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
      await converges(site);
      return "what has arrived is kept, the rest is sent over a new connection, and the same `up` comes to its end";
    });

    injectFault(51, "/etc/hosts of one host is immutable, and somebody took kctl's lines out", async () => {
      await on("sed -i '/>>> kctl/,/<<< kctl/d' /etc/hosts; chattr +i /etc/hosts");
      const up = await run("up", "--json");
      await on("chattr -i /etc/hosts");
      expectFailure(up, { code: "host-io", node: "kafka-2", what: "/etc/hosts", fix: "chattr -i" });
      expect(await on("ls -A /etc | grep hosts.kctl || true")).toBe("");
      await converges(site);
      return "exit 1, the host, the file and `chattr -i` are named; the next `up` puts the lines back";
    });

    injectFault(28, "`destroy` of a cluster that lived through all of these", async () => {
      await leavesNothing(site);
      return "the hosts are as fresh ones, file by file";
    });
  });
});
