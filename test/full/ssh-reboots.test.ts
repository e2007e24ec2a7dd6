/**
 * A host that reboots in the middle of `up`, by its own systemd. As a machine's, and unlike a lab host's own, its way down and up takes
 * some seconds: its servers go at once, SSH works on for a while, then nothing answers.
 */
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { start, type Ended, type Run } from "../e2e/kctl.ts";
import { reached } from "../e2e/moment.ts";
import { converges, expectFailure, leavesNothing, yaml } from "../e2e/ssh-law.ts";
import { births, closeSite, hostOf, openSite, restarted, type Site } from "../e2e/ssh-site.ts";
import { injectFault } from "../faults/fault.ts";
import { hasLab } from "../lab/base.ts";

const servers = ["kafka-1/broker", "kafka-1/controller", "kafka-2/broker"];

const [down, up] = ["slow-down.service", "slow-up.service"];
const slow = `cd /etc/systemd/system
cat >${down} <<.
[Unit]
After=ssh.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/sleep 3
[Install]
WantedBy=multi-user.target
.
cat >${up} <<.
[Unit]
DefaultDependencies=no
Before=systemd-networkd.service
[Service]
Type=oneshot
ExecStart=/bin/sleep 5
[Install]
WantedBy=sysinit.target
.
systemctl -q enable ${up}; systemctl -q enable --now ${down}`;
const asBefore = `systemctl -q disable ${up}; systemctl -q disable --now ${down}; cd /etc/systemd/system && rm ${down} ${up}; systemctl daemon-reload`;

describe.runIf(hasLab())("two hosts, as admin with sudo", { timeout: 300_000 }, () => {
  let site: Site;
  const on = (command: string): Promise<string> => hostOf(site, "kafka-2").run(command);
  const until = (condition: string): Promise<string> =>
    on(`timeout 100 sh -c 'until ${condition}; do sleep 0.02; done'`);
  const running = (): Run => start(site.place, "up", "--yes", "--json");

  beforeAll(async () => {
    site = await openSite({ hosts: 2, login: "admin", yaml, servers });
    await on(slow);
    // Less than it takes to boot: what knocks meanwhile is told that nobody answers.
    await appendFile(site.lab.ssh.config, "\nHost *\n  ConnectTimeout 2\n");
  });
  afterAll(() => closeSite(site));

  async function rebootDuring({ ended }: Run): Promise<Ended> {
    const [what] = await Promise.all([ended, hostOf(site, "kafka-2").reboot()]);
    return what;
  }
  /** One that brokers read when they start. */
  async function rolling(value: number, key: RegExp): Promise<Run> {
    const kafka = `kafka: { version: 4.3.1, config: { queued.max.requests: ${value} } }`;
    const spec = await readFile(site.spec, "utf8");
    await writeFile(site.spec, spec.replace(/^kafka:.*$/mu, kafka));
    const run = running();
    await reached(run, { type: "change-started", key });
    return run;
  }

  injectFault(52, "a host reboots while it unpacks the software", async () => {
    const run = running();
    await until("pkill -STOP -x tar");
    const ended = await rebootDuring(run);
    expectFailure(ended, { node: "kafka-2", what: "kafka-2", fix: "wait until it is up" });
    // What was unpacked in part is not in its place.
    expect(await on("ls /opt/kctl")).toBe("");
    return "exit 1, the host is named, and what to do where it reboots; nothing half lies where software belongs";
  });

  injectFault(52, "a host reboots while its server is being started", async () => {
    const run = running();
    await reached(run, { type: "change-started", key: /^start kafka-2\/broker$/u });
    await until("systemctl -q is-active kctl-demo-broker");
    const ended = await rebootDuring(run);
    expectFailure(ended, {
      code: "host-stopping",
      node: "kafka-2",
      what: "kafka-2 shuts down or reboots",
      fix: "wait until it is up",
    });
    await converges(site);
    return "exit 1, and not the server's log is named but the host that reboots; its server starts at boot, and the next `up` goes on";
  });

  injectFault(52, "the host whose server a roll restarts just then reboots", async () => {
    const ended = await rebootDuring(await rolling(400, /^restart kafka-2\/broker$/u));
    expectFailure(ended, {
      code: "host-stopping",
      node: "kafka-2",
      what: "kafka-2 shuts down or reboots",
      fix: "still to be restarted: kafka-2/broker",
    });
    await converges(site);
    return "exit 1, the host and the servers that are left are named; they start at boot with the new setting";
  });

  injectFault(52, "a host reboots while a roll restarts another one's server", async () => {
    const before = await births(site);
    const ended = await rebootDuring(await rolling(401, /^restart kafka-1\/broker$/u));
    expect({ exit: ended.exit, errors: ended.result?.["errors"] }).toEqual({ exit: 0, errors: [] });
    expect(restarted(before, await births(site))).toEqual(servers);
    await converges(site);
    return "exit 0: the roll waits until it is back and all is in sync, and goes on";
  });

  injectFault(28, "`destroy` of a cluster that lived through reboots", async () => {
    await on(asBefore);
    await leavesNothing(site);
    return "the hosts are as fresh ones, file by file";
  });
});
