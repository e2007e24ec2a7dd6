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
  });

  describe("met by a machine that is there", () => {
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
