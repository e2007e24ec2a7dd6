/** What is found out of an account before anything is made in it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { closeAccount, openAccount, type Account } from "./aws-account.ts";
import { kctl, type Ended } from "./kctl.ts";

const specOf = (instanceType: string, heap: string): string => `name: demo
provider: { type: aws, region: ap-northeast-2, access: { ssh: [203.0.113.0/24] } }
kafka: { version: 3.9.1, heap: ${heap} }
zookeeper: { heap: 256MiB }
nodes:
  - { name: kafka-1, roles: [zookeeper, broker], instanceType: ${instanceType}, volume: { size: 10GiB } }
`;

describe("before there is a machine", { timeout: 300_000 }, () => {
  let account: Account;
  const run = (...argv: readonly string[]): Promise<Ended> => kctl(account.place, ...argv);
  const spec = (instanceType: string, heap: string): Promise<void> =>
    writeFile(join(account.place.folder, "kctl.yaml"), specOf(instanceType, heap));
  const findings = ({ result }: Ended): readonly { readonly id: string; readonly what: string }[] =>
    (result?.["findings"] ?? []) as readonly { readonly id: string; readonly what: string }[];

  beforeAll(async () => {
    account = await openAccount({ simulated: true });
  }, 300_000);
  afterAll(() => closeAccount(account));
  beforeEach(async () => {
    await spec("m7g.large", "1GiB");
    account.lab.ec2.faults([]);
    account.lab.ec2.clearCalls();
  });

  const changing = (): readonly string[] =>
    account.lab.ec2
      .calls()
      .filter(
        ({ action, params, status }) => !action.startsWith("Describe") && params["DryRun"] !== "true" && status === 200,
      )
      .map(({ action }) => action);

  test("check finds nothing in the way, and changes nothing", async () => {
    const ended = await run("check", "--json");
    expect([ended.exit, findings(ended)]).toEqual([0, []]);
    expect(changing()).toEqual([]);
  });

  test("a heap that the type has no memory for", async () => {
    await spec("t4g.nano", "2GiB");
    const ended = await run("check", "--json");
    expect(ended.exit).toBe(1);
    expect(findings(ended)).toMatchObject([
      {
        id: "memory",
        measured: "t4g.nano has 512 MiB of memory",
        wanted: "more than 2304 MiB, which is the heaps alone",
      },
    ]);
    const up = await run("up", "--yes", "--json");
    expect(up.result?.["errors"]).toMatchObject([{ code: "preflight-failed", node: "kafka-1" }]);
    // The lock, and its end.
    expect(changing()).toEqual(["ImportKeyPair", "DeleteKeyPair"]);
  });

  test.each(["check", "up"])("%s tells all that the credentials may not do, in one list", async (command) => {
    const action = ["RunInstances", "CreateSecurityGroup", "ImportKeyPair"];
    account.lab.ec2.faults([{ kind: "error", code: "UnauthorizedOperation", action, count: 99, dryRun: true }]);
    const ended = await run(command, "--json");
    const what = "these credentials may not do ec2:CreateSecurityGroup, ec2:ImportKeyPair, ec2:RunInstances";
    const fix = "give them the policy that `kctl iam-policy` prints";
    if (command === "check") expect(findings(ended)).toMatchObject([{ id: "aws-denied", what, fix }]);
    else expect(ended.result?.["errors"]).toMatchObject([{ code: "aws-denied", what, fix }]);
    expect(ended.exit).toBe(1);
    expect(changing()).toEqual([]);
  });

  test("whoever may not even look is told all of that at once", async () => {
    const action = ["DescribeInstances", "DescribeVolumes"];
    account.lab.ec2.faults([{ kind: "error", code: "UnauthorizedOperation", action, count: 99 }]);
    const ended = await run("check", "--json");
    expect(findings(ended)).toMatchObject([
      { id: "aws-denied", what: "these credentials may not do ec2:DescribeInstances, ec2:DescribeVolumes" },
    ]);
    expect(JSON.stringify(ended.result)).not.toContain("    at ");
  });
});
