/** Faults of EC2's API that take their time: credentials that expire at every call, answers that come too late, real machines behind them. */
import { afterAll, beforeAll, describe, expect } from "vitest";
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
} from "../e2e/aws-account.ts";
import { kctl, start, type Ended } from "../e2e/kctl.ts";
import { changesOf } from "../e2e/law.ts";
import { injectFault } from "../faults/fault.ts";

describe("an account in which instances boot nothing", () => {
  let account: Account;
  beforeAll(async () => {
    account = await openAccount({ simulated: true });
  });
  afterAll(() => closeAccount(account));

  /** Runs it with credentials that expire at its first call, at its second, and so on, until it gets past the last one. */
  async function expiring(run: () => Promise<Ended>, isPast: (ended: Ended) => boolean): Promise<number> {
    for (let from = 1; from < 60; from += 1) {
      const ended = await withFaults(account, [{ kind: "expired", from }], run);
      expect(machines(account).length).toBeLessThan(2);
      if (isPast(ended)) return from;
      if (account.lab.ec2.calls().some(({ code }) => code === "RequestExpired"))
        expectRefusal(ended, "aws-credentials", "expired", "aws sso login");
    }
    throw new Error("it never ended");
  }

  injectFault(21, "credentials expire at each call of an `up`, and of a `destroy`, in turn", async () => {
    const code = (ended: Ended): string => errorsOf(ended)[0]?.code ?? "";
    const calls = await expiring(
      () => up(account),
      (ended) =>
        code(ended) === "ssh-unreachable" && !account.lab.ec2.calls().some(({ code: one }) => one === "RequestExpired"),
    );
    expect(calls).toBeGreaterThan(10);
    await launches(account);
    const removing = await expiring(
      () => destroy(account),
      ({ exit }) => exit === 0,
    );
    expect(removing).toBeGreaterThan(5);
    await leavesNothing(account);
    return "exit 1, with how to sign in again; the next run goes on from there, with one machine, and `destroy` leaves nothing";
  });

  injectFault(10, "the first zone launches, and answers only after kctl's patience with a call", async () => {
    await withFaults(account, [{ kind: "hold", action: "RunInstances" }], () => launches(account));
    expect(callsOf(account, "RunInstances")).toEqual(["no answer", null]);
    const orders = account.lab.ec2
      .calls()
      .filter(({ action, params }) => action === "RunInstances" && params["DryRun"] !== "true");
    expect(new Set(orders.map(({ params }) => params["Placement.AvailabilityZone"])).size).toBe(1);
    await leavesNothing(account);
    return "the order goes out again to the same zone with the same token: no other zone is asked, and there is one machine";
  });

  injectFault(20, "each action that makes or removes a network of the cluster's own is not allowed", async () => {
    await specify(account, "", (text) =>
      text.replace("image: debian-12,", "image: debian-12, network: { create: 10.20.0.0/16 },"),
    );
    const denied = async (action: string, run: () => Promise<Ended>): Promise<void> => {
      const message = "You are not authorized to perform this operation.";
      const ended = await withFaults(
        account,
        [{ kind: "error", status: 403, code: "UnauthorizedOperation", message, action, count: 99 }],
        run,
      );
      expectRefusal(ended, "aws-denied", `may not do ec2:${action}:`);
      expect(callsOf(account, action)).toContain("UnauthorizedOperation");
    };
    const making = [
      "CreateVpc",
      "ModifyVpcAttribute",
      "CreateInternetGateway",
      "AttachInternetGateway",
      "CreateRoute",
      "CreateSubnet",
      "AssociateRouteTable",
      "ModifySubnetAttribute",
    ];
    for (const action of making) await denied(action, () => up(account));
    await launches(account);
    const removing = ["DeleteSubnet", "DetachInternetGateway", "DeleteInternetGateway", "DeleteVpc"];
    for (const action of removing) await denied(action, () => destroy(account));
    await specify(account);
    await leavesNothing(account);
    return "exit 1, each names its action; with the permission the next run goes on from there, and nothing is left";
  });
});

describe("a machine that is a host of the lab", () => {
  let account: Account;
  beforeAll(async () => {
    account = await openAccount({ simulated: false });
  });
  afterAll(() => closeAccount(account));

  injectFault(
    24,
    "a first `up` with every trouble of sight at once, then a rule, a tag and the machine taken away",
    async () => {
      const converges = async (): Promise<void> => {
        const again = await kctl(account.place, "up", "--yes", "--json");
        expect({ exit: again.exit, errors: errorsOf(again) }).toEqual({ exit: 0, errors: [] });
        const plan = await kctl(account.place, "plan", "--json", "--check");
        expect({ exit: plan.exit, changes: changesOf(plan) }).toEqual({ exit: 0, changes: [] });
        expect(machines(account)).toHaveLength(1);
      };
      account.lab.ec2.faults([
        { kind: "unseen", action: "RunInstances", calls: 4 },
        { kind: "addressless", action: "RunInstances", calls: 4 },
        { kind: "stale" },
      ]);
      const first = await start(account.place, "up", "--yes", "--json", "--timeout", "5m").ended;
      expect({ exit: first.exit, errors: errorsOf(first) }).toEqual({ exit: 0, errors: [] });
      account.lab.ec2.faults([]);
      await converges();
      const [id] = machines(account);
      await boto(
        account,
        `
its = ec2.describe_security_groups(GroupIds=[group("kctl-demo")])["SecurityGroups"][0]["IpPermissions"]
ec2.revoke_security_group_ingress(GroupId=group("kctl-demo"), IpPermissions=its)
show(ec2.delete_tags(Resources=["${id}"], Tags=[{"Key": "kctl:ids"}]))`,
      );
      await converges();
      expect(machines(account)).toEqual([id]);
      await boto(account, `show(ec2.terminate_instances(InstanceIds=["${id}"]))`);
      await converges();
      expect(machines(account)).not.toContain(id);
      await leavesNothing(account);
      await expectUntouched(account);
      return "the cluster is verified; each time the next `up` puts back what was taken, and the new machine has the old one's data";
    },
  );
});
