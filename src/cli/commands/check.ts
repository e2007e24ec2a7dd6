/** kctl check */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Asks all machines at the same time for everything that can be known before `kctl up`, changes nothing, and tells all that it found at once: each finding with what was measured, what is wanted, and what to do about it. An error is what the cluster would not come up with, or would lose data by; a warning, what it would suffer from.",
    "It looks at the system and its tools, memory against the heaps, disks and file systems, clocks, swap, transparent huge pages, limits, ports and who has them, other clusters on the machine, data of another cluster, how names resolve, and, from each node, whether it reaches the others on the ports that its servers need: one that answers nothing, or that something in between rejects, is named with the ports. A firewall that answers as if nobody listened cannot be told from a port that is free.",
    "`kctl up` sees to the errors by itself for machines that are new to the cluster, before it changes anything. With `provider: local` what can be known of this machine is looked at.",
    "With `provider: aws`, of machines that are still to be launched: whether the types that the spec names are offered in its zones, whether their memory holds the heaps, whether subnets have addresses left and images fit, and, by calls that EC2 judges and does not carry out (DryRun), every action that the credentials may not do, in one list. `kctl up` asks the same before it launches the first machine. Quotas EC2 tells only of when one is reached.",
  ],
  exits: { 1: "there is an error among what it found" },
  result: {
    cluster: "the cluster's name",
    findings:
      "`{id, node, level, what, measured, wanted, fix}` each; `level` is `error` or `warning`, `node` is null where it is about all of them. Ids: `system`, `architecture`, `systemd`, `programs`, `fetcher`, `packages`, `selinux`, `java`, `java-home`, `memory`, `swap`, `huge-pages`, `open-files`, `disk-space`, `disk-inodes`, `disk-read-only`, `file-system`, `clock`, `clocks-apart`, `name`, `hosts-line`, `resolver`, `ports-of-another-cluster`, `receipt-of-another-cluster`, `unreachable-port`, `reach-untried`, `instance-type`, `subnet-addresses`, and the codes of [errors](errors.md) that `up` would end with (`port-taken`, `identity-conflict`, `ssh-unreachable`, `aws-denied`, …)",
  },
  examples: [
    ["kctl check", "may it be `kctl up` now?"],
    ["kctl check --json", "the same for a program"],
  ],
};

export const checkCommand = () =>
  specCommand("check", "ask all machines for everything that can be known before up", page).action((options) =>
    run(options, async (context) => {
      const [{ check }, { findingsText }] = await Promise.all([
        import("../../operations/check.ts"),
        import("../../report/findings-text.ts"),
      ]);
      const checked = await check(context);
      const errors = checked.findings.filter(({ level }) => level === "error");
      return {
        ok: errors.length === 0,
        // People have them in the list already.
        faults: options.json
          ? errors.map(({ what, node, fix }) => ({
              code: "preflight-failed",
              what,
              ...(node === null ? {} : { node }),
              fix,
            }))
          : [],
        fields: { cluster: checked.cluster, findings: checked.findings },
        text: (paint, where) => findingsText(checked, paint, where),
      };
    }),
  );
