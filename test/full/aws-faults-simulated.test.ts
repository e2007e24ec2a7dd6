/** More faults of EC2's API, where instances boot nothing: the others are in test/e2e/aws-faults.test.ts. */
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
} from "../e2e/aws-account.ts";
import { start } from "../e2e/kctl.ts";

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
  });
});
