/** What happens to kctl itself while it works in EC2: another one, Ctrl-C, no network, another address, no disk. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { injectFault } from "../faults/fault.ts";
import {
  around,
  closeCloud,
  destroysAll,
  launched,
  makesMachines,
  nothing,
  openCloud,
  untilHeld,
  type Cloud,
} from "./aws-kills.ts";
import { kctl, start, type Ended, type Run } from "./kctl.ts";
import { codesOf, errorsOf } from "./law.ts";

describe("an account", { timeout: 900_000 }, () => {
  let cloud: Cloud;
  const up = (): Run => start(cloud.place, "up", "--yes", "--json");

  beforeAll(async () => {
    cloud = await openCloud();
  }, 300_000);
  afterAll(() => closeCloud(cloud));

  const expectLocked = (ended: Ended, command: string, { child }: Run): void => {
    expect({ exit: ended.exit, codes: codesOf(ended) }).toEqual({ exit: 1, codes: ["locked"] });
    const who = `another kctl is at work on this cluster: \`${command}\`, process ${child.pid} of `;
    expect(errorsOf(ended)[0]?.what).toContain(who);
    expect(errorsOf(ended)[0]?.what).toMatch(/, since 20\S+Z$/u);
  };

  injectFault(33, "the disk on which kctl keeps the key to the machines is full", async () => {
    const { inside } = cloud.place;
    const fill =
      'mkdir -p "$HOME/.config" && mount -t tmpfs -o size=4k tmpfs "$HOME/.config" && head -c 4096 /dev/zero >"$HOME/.config/full" && exec "$@"';
    const full = (argv: readonly string[]): readonly [string, ...string[]] => {
      if (inside === undefined) throw new Error("EC2 is reached from inside");
      return inside(["unshare", "--mount", "sh", "-c", fill, "sh", ...argv]);
    };
    const failed = await kctl({ ...cloud.place, inside: full }, "up", "--yes", "--json");
    expect({ exit: failed.exit, codes: codesOf(failed) }).toEqual({ exit: 1, codes: ["local-io"] });
    expect(errorsOf(failed)[0]?.what).toMatch(/^no space is left to write .*\/kctl\/keys\/demo\.ap-northeast-2$/u);
    expect(cloud.lab.ec2.calls()).toEqual([]);
    return "exit 1, the key's file is named, and EC2 is not called";
  });

  injectFault(27, "two `up` race for machines in EC2 that are not there yet", async () => {
    const { ec2 } = cloud.lab;
    ec2.faults([{ kind: "hold", action: "CreateSecurityGroup", applied: false }]);
    const both = [up(), up()];
    const first = await Promise.race(both.map(async (run) => ({ run, ended: await run.ended })));
    const winner = both.find((run) => run !== first.run);
    ec2.faults([]);
    if (winner === undefined) throw new Error("there are two");
    expectLocked(first.ended, "up", winner);
    expect(codesOf(await winner.ended)).toEqual(["preflight-failed"]);
    expect(launched(cloud)).toBe(1);
    return "one makes them, the others say who holds the lock and since when";
  });

  injectFault(28, "`up` in EC2 while `destroy` is at work, and the other way round", async () => {
    const { ec2 } = cloud.lab;
    ec2.faults([{ kind: "hold", action: "TerminateInstances", applied: false }]);
    const destroy = start(cloud.place, "destroy", "--yes", "--json");
    await untilHeld(cloud, destroy);
    expectLocked(await kctl(cloud.place, "up", "--yes", "--json"), "destroy", destroy);
    ec2.faults([]);
    expect((await destroy.ended).exit).toBe(0);
    expect(await around(cloud)).toEqual(nothing);
    ec2.clearCalls();
    ec2.faults([{ kind: "hold", action: "CreateSecurityGroup", applied: false }]);
    const making = up();
    await untilHeld(cloud, making);
    expectLocked(await kctl(cloud.place, "destroy", "--yes", "--json"), "up", making);
    ec2.faults([]);
    expect(codesOf(await making.ended)).toEqual(["preflight-failed"]);
    await destroysAll(cloud);
    return "the second is told who holds the lock, and changes nothing; the first ends its work";
  });

  injectFault(26, "Ctrl-C to `up` while EC2 launches its machine, once and twice", async () => {
    const { ec2 } = cloud.lab;
    const before = launched(cloud);
    ec2.clearCalls();
    ec2.faults([{ kind: "hold", action: "RunInstances" }]);
    const once = up();
    await untilHeld(cloud, once);
    once.child.kill("SIGINT");
    const stopped = await once.ended;
    expect({ exit: stopped.exit, codes: codesOf(stopped) }).toEqual({ exit: 130, codes: ["interrupted"] });
    expect(errorsOf(stopped)[0]?.what).toMatch(/^interrupted; left to do: .*launch kafka-1/u);
    expect(await cloud.lab.boto(locks)).toEqual([]);
    ec2.clearCalls();
    // It cannot give its lock back: then Ctrl-C a second time ends it at once.
    ec2.faults([
      { kind: "hold", action: "DescribeInstances", from: 2 },
      { kind: "hold", action: "DeleteKeyPair" },
    ]);
    const twice = up();
    await untilHeld(cloud, twice);
    twice.child.kill("SIGINT");
    await untilHeld(cloud, twice, 2);
    twice.child.kill("SIGINT");
    const cut = await twice.ended;
    expect({ exit: cut.exit, codes: codesOf(cut) }).toEqual({ exit: 130, codes: ["interrupted"] });
    expect(errorsOf(cut)[0]?.what).toMatch(/^stopped at once/u);
    ec2.faults([]);
    await makesMachines(cloud);
    expect(launched(cloud) - before).toBe(1);
    return "exit 130; once: what is left to do is named, and the lock given back; twice: at once; the next `up` goes on, with the one machine";
  });

  injectFault(32, "the operator's address is another one than the security group lets in", async () => {
    const spec = await readFile(cloud.place.spec, "utf8");
    await cloud.lab.ec2.moveOperator("203.0.113.77");
    const away = await kctl(cloud.place, "up", "--yes", "--json", "--timeout", "5s");
    expect({ exit: away.exit, codes: codesOf(away) }).toEqual({ exit: 1, codes: ["ssh-unreachable"] });
    await writeFile(cloud.place.spec, spec.replace("203.0.113.1/32", "203.0.113.77/32"));
    await makesMachines(cloud);
    expect(await cloud.lab.boto(sshFrom)).toEqual(["203.0.113.77/32"]);
    await cloud.lab.ec2.moveOperator("203.0.113.1");
    await writeFile(cloud.place.spec, spec);
    await makesMachines(cloud);
    expect(await cloud.lab.boto(sshFrom)).toEqual(["203.0.113.1/32"]);
    return "the machine is not reached, and says so; with the new range in the spec `up` changes the rule first, and gets in; the old range is let in no more";
  });

  injectFault(33, "standard output and standard error are closed while `up` works in EC2", async () => {
    await destroysAll(cloud);
    const before = launched(cloud);
    const mute = up();
    mute.child.stdout?.destroy();
    mute.child.stderr?.destroy();
    expect((await mute.ended).signal).toBeNull();
    expect(launched(cloud) - before).toBe(1);
    await makesMachines(cloud);
    expect(launched(cloud) - before).toBe(1);
    return "the machine is made all the same; the next `up` has nothing to make";
  });

  injectFault(31, "EC2 cannot be reached any more once a machine is launched", async () => {
    await destroysAll(cloud);
    const { ec2 } = cloud.lab;
    const before = launched(cloud);
    const cutOff = up();
    await expect.poll(() => launched(cloud) - before, { timeout: 300_000, interval: 20 }).toBe(1);
    ec2.faults([{ kind: "reset", count: 1_000_000 }]);
    const ended = await cutOff.ended;
    expect({ exit: ended.exit, codes: [...new Set(codesOf(ended))] }).toEqual({ exit: 1, codes: ["aws-unreachable"] });
    ec2.faults([]);
    await makesMachines(cloud);
    expect(launched(cloud) - before).toBe(1);
    await destroysAll(cloud);
    return "exit 1 once EC2 was asked in vain for a while; the next `up` goes on with the machine that was launched";
  });
});

const locks = `import boto3, json
keys = boto3.client("ec2").describe_key_pairs()["KeyPairs"]
print(json.dumps([one["KeyName"] for one in keys if "lock" in one["KeyName"]]))`;

const sshFrom = `import boto3, json
groups = boto3.client("ec2").describe_security_groups(GroupNames=["kctl-demo"])["SecurityGroups"]
rules = [rule for group in groups for rule in group["IpPermissions"] if rule.get("FromPort") == 22]
print(json.dumps([each["CidrIp"] for rule in rules for each in rule["IpRanges"]]))`;
