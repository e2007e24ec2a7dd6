/** Faults of EC2's API, met by kctl as a process: what comes of them, and that nothing is made twice, left behind or taken from others. */
import { afterAll, beforeAll, describe, expect } from "vitest";
import { injectFault } from "../faults/fault.ts";
import type { Ec2Fault } from "../lab/ec2/faults.ts";
import {
  boto,
  callsOf,
  closeAccount,
  destroy,
  errorsOf,
  expectArrival,
  expectRefusal,
  expectUntouched,
  launches,
  leavesNothing,
  machines,
  openAccount,
  specify,
  up,
  withFaults,
  type Account,
} from "./aws-account.ts";
import { start } from "./kctl.ts";

describe("an account in which instances boot nothing", { timeout: 300_000 }, () => {
  let account: Account;
  beforeAll(async () => {
    account = await openAccount({ simulated: true });
  });
  afterAll(() => closeAccount(account));

  /** `up` meets them, and is no worse for it; the next one has nothing to launch, and `destroy` leaves what was there before. */
  async function livesThrough(faults: readonly Ec2Fault[]): Promise<void> {
    await withFaults(account, faults, () => launches(account));
  }
  const none: readonly Ec2Fault[] = [];
  const refuses = async (faults: readonly Ec2Fault[], code: string, ...words: readonly string[]): Promise<void> =>
    expectRefusal(await withFaults(account, faults, () => up(account)), code, ...words);

  // First, so that the view from before is that of an account without any cluster.
  injectFault(3, "every second answer is the view from before the last change, also while it is removed", async () => {
    await livesThrough([{ kind: "stale" }]);
    await withFaults(account, [{ kind: "stale" }], () => launches(account));
    expect(callsOf(account, "RunInstances").length).toBeLessThan(2);
    const ended = await withFaults(account, [{ kind: "stale" }], () => destroy(account));
    expect({ exit: ended.exit, errors: errorsOf(ended) }).toEqual({ exit: 0, errors: [] });
    await leavesNothing(account);
    return "one machine; what was seen once is not taken for gone; `destroy` leaves nothing";
  });

  describe("met before there is a machine", () => {
    injectFault(23, "a security group, a key pair or a lock of kctl's name that kctl did not make", async () => {
      for (const [make, remove, what] of [
        [
          `ec2.create_security_group(GroupName="kctl-demo", Description="d")`,
          `ec2.delete_security_group(GroupName="kctl-demo")`,
          "there is a security group kctl-demo (sg-",
        ],
        [
          `ec2.create_key_pair(KeyName="kctl-demo")`,
          `ec2.delete_key_pair(KeyName="kctl-demo")`,
          "there is a key pair kctl-demo that",
        ],
        [
          `ec2.create_key_pair(KeyName="kctl-lock-demo")`,
          `ec2.delete_key_pair(KeyName="kctl-lock-demo")`,
          "there is a key pair kctl-lock-demo (key-",
        ],
      ] as const) {
        await boto(account, `show(${make})`);
        await refuses(none, "aws-not-ours", what, "rename it");
        if (!what.includes("lock")) expect((await destroy(account)).exit).toBe(0);
        // It is there still, with the same id, or this would fail.
        await boto(account, `show(${remove})`);
      }
      await expectUntouched(account);
      return "exit 1, it is named; it is left as it is, also by `destroy`";
    });

    injectFault(16, "an image that is for another architecture, or that is not there", async () => {
      const image = await boto<string>(
        account,
        `show(ec2.describe_images(Owners=["136693071363"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0]["ImageId"])`,
      );
      await specify(account, "", (text) => text.replace("debian-12", image));
      await refuses(
        none,
        "aws-refused",
        `the image ${image} is for x86_64, and the instance type is arm64`,
        "provider.image",
      );
      await specify(account, "", (text) => text.replace("debian-12", "ami-00000000000000000"));
      await refuses(
        none,
        "aws-refused",
        "there is no image ami-00000000000000000 in ap-northeast-2",
        "another id in each region",
      );
      await specify(account);
      await expectUntouched(account);
      return "exit 1, the image and both architectures are named; nothing is made";
    });

    injectFault(12, "limits of rules, of vCPUs and of a subnet's addresses", async () => {
      const limit = {
        kind: "error",
        code: "RulesPerSecurityGroupLimitExceeded",
        message: "The maximum number of rules per security group has been reached.",
      } as const;
      const vcpu = {
        kind: "error",
        code: "VcpuLimitExceeded",
        message: "You have requested more vCPU capacity than your current vCPU limit of 32 allows.",
      } as const;
      // The machine does not wait for the rules.
      const both = [
        { ...limit, action: "AuthorizeSecurityGroupIngress" },
        { ...vcpu, action: "RunInstances" },
      ];
      const ended = await withFaults(account, both, () => up(account));
      const rules = "ec2:AuthorizeSecurityGroupIngress in ap-northeast-2";
      expectRefusal(ended, "aws-limit", rules, "maximum number of rules", "Service Quotas");
      expectRefusal(ended, "aws-limit", "kafka-1", "vCPU limit of 32", "Service Quotas");
      expect(callsOf(account, "RunInstances")).toEqual(["VcpuLimitExceeded"]);
      const full = {
        kind: "error",
        code: "InsufficientFreeAddressesInSubnet",
        message: "There are not enough free addresses in subnet 'subnet-1'.",
      } as const;
      await refuses(
        [{ ...full, action: "RunInstances", count: 99 }],
        "aws-capacity",
        "a subnet is full",
        "name other subnets",
      );
      await livesThrough([{ ...full, action: "RunInstances" }]);
      expect(callsOf(account, "RunInstances")).toEqual(["InsufficientFreeAddressesInSubnet", null]);
      await leavesNothing(account);
      return "exit 1 with EC2's words and where to ask for more; a full subnet leads to the next zone's; the next `up` goes on from there";
    });

    injectFault(20, "each action of `up` and of `destroy` in turn is not allowed", async () => {
      const message = "You are not authorized to perform this operation. Encoded authorization failure message: abc";
      const denied = (action: string): readonly Ec2Fault[] => [
        { kind: "error", status: 403, code: "UnauthorizedOperation", message, action, count: 99 },
      ];
      for (const action of [
        "ImportKeyPair",
        "DescribeInstances",
        "DescribeVolumes",
        "DescribeSubnets",
        "DescribeInstanceTypes",
        "DescribeInstanceTypeOfferings",
        "DescribeImages",
        "CreateSecurityGroup",
      ]) {
        await refuses(denied(action), "aws-denied", `may not do ec2:${action}:`, "kctl iam-policy");
        // At once: nobody gets a permission by asking again.
        expect(callsOf(account, action).slice(0, 2)).toEqual(["UnauthorizedOperation"]);
      }
      const last = ["AuthorizeSecurityGroupIngress", "RunInstances"];
      const both = await withFaults(account, last.flatMap(denied), () => up(account));
      for (const action of last) expectRefusal(both, "aws-denied", `may not do ec2:${action}:`, "kctl iam-policy");
      await livesThrough(none);
      // What is removed side by side is refused side by side.
      for (const actions of [["TerminateInstances"], ["DeleteSecurityGroup", "DeleteKeyPair"]]) {
        const ended = await withFaults(account, actions.flatMap(denied), () => destroy(account));
        for (const action of actions)
          expectRefusal(ended, "aws-denied", `may not do ec2:${action}:`, "kctl iam-policy");
      }
      await leavesNothing(account);
      return "exit 1 at once, each names its action; with the permission the next run goes on from there";
    });
  });

  describe("met as a machine is launched", () => {
    injectFault(1, "EC2 does not know the new machine for a while, in no call and no list", async () => {
      await livesThrough([{ kind: "unseen", action: "RunInstances", calls: 3 }]);
      await leavesNothing(account);
      return "kctl waits until it is seen, and launches no second one";
    });

    injectFault(2, "the new security group is not found by the calls that name it", async () => {
      await livesThrough([{ kind: "unseen", action: "CreateSecurityGroup", calls: 2 }]);
      expect(callsOf(account, "AuthorizeSecurityGroupIngress")).toContain("InvalidGroup.NotFound");
      await leavesNothing(account);
      await livesThrough([{ kind: "error", code: "InvalidGroup.NotFound", action: "RunInstances" }]);
      expect(callsOf(account, "RunInstances")).toEqual(["InvalidGroup.NotFound", null]);
      await leavesNothing(account);
      return "the rules and the machine are asked for again until it is";
    });

    injectFault(4, "a machine runs and is told of without its public address", async () => {
      const ended = await withFaults(account, [{ kind: "addressless", action: "RunInstances", calls: 3 }], () =>
        up(account, 12),
      );
      expectArrival(account, ended);
      expect(errorsOf(ended).map(({ where }) => where?.split(".")[0])).toEqual(["198"]);
      await leavesNothing(account);
      return "kctl waits for the address, and tries no other one";
    });

    injectFault(5, "lists by tag miss the new machine while the next `up` looks", async () => {
      await withFaults(account, [{ kind: "unseen", action: "RunInstances", calls: 8, only: "lists" }], async () => {
        await launches(account);
        await launches(account);
      });
      expect(callsOf(account, "RunInstances")).toEqual([null, "IdempotentParameterMismatch"]);
      await leavesNothing(account);
      return "it is found by its client token, and is the only one";
    });

    injectFault(6, "the answers to all that makes or removes something are lost", async () => {
      const lost = (...actions: readonly string[]): readonly Ec2Fault[] =>
        actions.map((action) => ({ kind: "lost", action }));
      await livesThrough(lost("ImportKeyPair", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "RunInstances"));
      expect(callsOf(account, "RunInstances")).toEqual(["no answer", null]);
      const faults = lost("TerminateInstances", "DeleteVolume", "DeleteSecurityGroup", "DeleteKeyPair");
      const ended = await withFaults(account, faults, () => destroy(account));
      expect({ exit: ended.exit, errors: errorsOf(ended) }).toEqual({ exit: 0, errors: [] });
      await expectUntouched(account);
      return "each is asked for again and done once; kctl takes what there is for its own by its tag";
    });

    injectFault(7, "kctl is killed with RunInstances done and unanswered, and the spec is edited", async () => {
      account.lab.ec2.faults([{ kind: "hold", action: "RunInstances" }]);
      const running = start(account.place, "up", "--yes", "--json");
      await expect.poll(() => machines(account).length, { timeout: 60_000 }).toBe(1);
      running.child.kill("SIGKILL");
      await running.ended;
      const killed = machines(account);
      await specify(account, ", heap: 1GiB", (text) => text.replace("10GiB", "12GiB"));
      // The next list misses it: only its token tells.
      await livesThrough([]);
      expect(machines(account)).toEqual(killed);
      await specify(account);
      await leavesNothing(account);
      return "the next `up` takes that machine, and makes no second one";
    });

    injectFault(8, "the client token is of a machine that is gone already", async () => {
      await livesThrough([{ kind: "error", code: "IdempotentInstanceTerminated", action: "RunInstances" }]);
      expect(callsOf(account, "RunInstances")).toEqual(["IdempotentInstanceTerminated", null]);
      // Somebody ends it: the next one is of another generation, and takes the data over.
      const [first] = machines(account);
      await boto(account, `show(ec2.terminate_instances(InstanceIds=["${first}"]))`);
      await livesThrough(none);
      expect(machines(account)).not.toContain(first);
      await leavesNothing(account);
      return "the order goes out again with the token of the next generation";
    });

    injectFault(9, "a run before gave the same client token with other parameters", async () => {
      await withFaults(account, [{ kind: "unseen", action: "RunInstances", calls: 8, only: "lists" }], async () => {
        await launches(account);
        await specify(account, "", (text) => text.replace("m7g.large", "m7g.large, zone: ap-northeast-2a"));
        await launches(account);
      });
      expect(callsOf(account, "RunInstances").at(-1)).toBe("IdempotentParameterMismatch");
      await specify(account);
      await leavesNothing(account);
      return "the machine of that order is waited for and taken; no second one is made";
    });

    injectFault(11, "no capacity in one zone, in none, for the first type of a list", async () => {
      await refuses(
        [{ kind: "capacity" }],
        "aws-capacity",
        "kafka-1",
        "EC2 has no m7g.large to give in ap-northeast-2a,",
        "`instanceType` as a list",
      );
      const zones = callsOf(account, "RunInstances");
      expect(zones.length).toBeGreaterThan(1);
      expect(
        account.lab.ec2
          .calls()
          .flatMap(({ action, params }) =>
            action === "RunInstances" && params["DryRun"] !== "true" ? [params["Placement.AvailabilityZone"]] : [],
          ),
      ).toHaveLength(
        new Set(
          account.lab.ec2
            .calls()
            .map(({ params }) => params["Placement.AvailabilityZone"])
            .filter(Boolean),
        ).size,
      );
      await livesThrough([{ kind: "capacity", zone: "ap-northeast-2a" }]);
      expect(callsOf(account, "RunInstances")).toEqual(["InsufficientInstanceCapacity", null]);
      await leavesNothing(account);
      await specify(account, "", (text) => text.replace("m7g.large", "[m7g.large, m6g.large]"));
      await livesThrough([{ kind: "capacity", instanceType: "m7g.large" }]);
      expect(callsOf(account, "RunInstances")).toEqual([...zones, null]);
      await specify(account);
      await leavesNothing(account);
      return "the next zone, then the next type, each asked once; where none has any: exit 1 with what was tried";
    });

    injectFault(13, "EC2 takes two calls a second, and three at once", async () => {
      await livesThrough([{ kind: "throttle", perSecond: 2, burst: 3 }]);
      const all = account.lab.ec2.calls();
      expect(all.filter(({ code }) => code === "RequestLimitExceeded").length).toBeGreaterThan(0);
      // A quiet run of the same needs half of it.
      expect(all.length).toBeLessThan(50);
      await leavesNothing(account);
      return "it goes on, slower, within a number of calls";
    });

    injectFault(
      15,
      "the machine goes from pending to terminated, since the key of its disks cannot be used",
      async () => {
        const doomed = {
          kind: "launch",
          code: "Client.InvalidKMSKey.InvalidState",
          message: "The KMS key provided is in an incorrect state",
        } as const;
        await refuses(
          [doomed],
          "machine-lost",
          "kafka-1",
          "The KMS key provided is in an incorrect state",
          "it launches another",
        );
        await livesThrough(none);
        await leavesNothing(account);
        return "exit 1 with EC2's reason; the next `up` launches another";
      },
    );

    injectFault(22, "this machine's clock is half an hour behind EC2's", async () => {
      await livesThrough([{ kind: "skew", seconds: 1800 }]);
      const ended = await withFaults(account, [{ kind: "skew", seconds: -1800 }], () => destroy(account));
      expect({ exit: ended.exit, errors: errorsOf(ended) }).toEqual({ exit: 0, errors: [] });
      await expectUntouched(account);
      return "kctl goes by EC2's clock";
    });
  });

  describe("met by a machine that is there", () => {
    injectFault(24, "somebody takes a rule and the machine's tags away", async () => {
      await livesThrough(none);
      const [id] = machines(account);
      const rules = await boto<number>(
        account,
        `
permissions = ec2.describe_security_groups(GroupIds=[group("kctl-demo")])["SecurityGroups"][0]["IpPermissions"]
ec2.revoke_security_group_ingress(GroupId=group("kctl-demo"), IpPermissions=permissions[:1])
ec2.delete_tags(Resources=["${id}"], Tags=[{"Key": "kctl:cluster"}, {"Key": "kctl:node"}])
show(len(permissions))`,
      );
      await refuses(
        none,
        "aws-not-ours",
        "kafka-1",
        `kctl launched ${id}`,
        `create-tags --resources ${id} --tags Key=kctl:cluster,Value=demo Key=kctl:node,Value=kafka-1`,
      );
      expect(machines(account)).toEqual([id]);
      await boto(
        account,
        `show(ec2.create_tags(Resources=["${id}"], Tags=[{"Key": "kctl:cluster", "Value": "demo"}, {"Key": "kctl:node", "Value": "kafka-1"}]))`,
      );
      await livesThrough(none);
      expect(machines(account)).toEqual([id]);
      expect(
        await boto(
          account,
          `show(len(ec2.describe_security_groups(GroupIds=[group("kctl-demo")])["SecurityGroups"][0]["IpPermissions"]))`,
        ),
      ).toBe(rules);
      await leavesNothing(account);
      return "the rule is put back; the machine is left alone, no second one is made, and the error says how to give the tags back";
    });

    injectFault(24, "somebody terminates the machine while kctl waits for it", async () => {
      const running = start(account.place, "up", "--yes", "--json", "--timeout", "10s");
      await expect.poll(() => machines(account).length, { timeout: 60_000 }).toBe(1);
      await boto(account, `show(ec2.terminate_instances(InstanceIds=["${machines(account)[0]}"]))`);
      expectRefusal(await running.ended, "machine-lost", "kafka-1", "it launches another");
      await livesThrough(none);
      await leavesNothing(account);
      return "exit 1, the machine is named; the next `up` launches another";
    });

    injectFault(18, "a machine is not found as it is terminated", async () => {
      await livesThrough(none);
      const ended = await withFaults(
        account,
        [{ kind: "error", code: "InvalidInstanceID.NotFound", action: "TerminateInstances" }],
        () => destroy(account),
      );
      expect({ exit: ended.exit, errors: errorsOf(ended) }).toEqual({ exit: 0, errors: [] });
      await expectUntouched(account);
      return "it is looked for again and removed, as long as it is there";
    });

    injectFault(19, "the machine is protected against termination", async () => {
      await livesThrough(none);
      const protect = (on: string): Promise<unknown> =>
        boto(
          account,
          `show(ec2.modify_instance_attribute(InstanceId="${machines(account)[0]}", DisableApiTermination={"Value": ${on}}))`,
        );
      await protect("True");
      expectRefusal(await destroy(account), "protected", machines(account)[0] ?? "", "Change termination protection");
      expect(machines(account)).toHaveLength(1);
      await protect("False");
      await leavesNothing(account);
      return "exit 1, the machine and what to change are named; nothing of it is removed";
    });

    injectFault(
      17,
      "the security group cannot be removed: for a while, and while a rule of another group refers to it",
      async () => {
        await livesThrough(none);
        await boto(
          account,
          `
ec2.authorize_security_group_ingress(GroupId=group("theirs"), IpPermissions=[{"IpProtocol": "tcp", "FromPort": 9092, "ToPort": 9092, "UserIdGroupPairs": [{"GroupId": group("kctl-demo")}]}])
show(None)`,
        );
        const ended = await destroy(account, "--timeout", "3s");
        expectRefusal(
          ended,
          "aws-refused",
          "the security group kctl-demo (sg-",
          "a rule of the security group theirs (sg-",
          "run `kctl destroy` again",
        );
        await boto(
          account,
          `
ec2.revoke_security_group_ingress(GroupId=group("theirs"), IpPermissions=[{"IpProtocol": "tcp", "FromPort": 9092, "ToPort": 9092, "UserIdGroupPairs": [{"GroupId": group("kctl-demo")}]}])
show(None)`,
        );
        await withFaults(
          account,
          [{ kind: "error", code: "DependencyViolation", action: "DeleteSecurityGroup", count: 2 }],
          () => leavesNothing(account),
        );
        return "it is tried again; without progress: exit 1, and the other group is named; the next `destroy` goes on from there";
      },
    );
  });
});
