/** The causes of EC2's error codes: a part of fault-causes.ts. */
import type { FaultCode } from "./fault-codes.ts";

type Causes = { readonly cause: string; readonly fix: string };

export const ec2FaultCauses = {
  "aws-credentials": {
    cause:
      "No profile, no keys in the environment, an expired session, a wrong key, or a clock that is minutes off (requests are signed with the time).",
    fix: "`aws sts get-caller-identity` says who AWS takes you for; `aws sso login` renews a session; `provider.profile` names a profile.",
  },
  "aws-denied": {
    cause: "The IAM policy of the user or role lacks an action, or limits it to other regions or tags.",
    fix: "Give it the policy that `kctl iam-policy` prints: the least that kctl needs.",
  },
  "aws-unreachable": {
    cause: "No network, a proxy in between, or a region that does not exist.",
    fix: "See the network and `provider.region`; then run the same command, which goes on where it was.",
  },
  "aws-busy": {
    cause: "The account's allowance of EC2 calls is used up, most often by another program.",
    fix: "Run the same command again in a while.",
  },
  "aws-capacity": {
    cause:
      "EC2 has no machine of this type left in any of the zones, or none at the price of spot, or the subnets there are full.",
    fix: "Give `instanceType` a list, let `zones` name more or `network.subnets` others, or try again later.",
  },
  "aws-limit": {
    cause: "A quota of the account: vCPUs, rules of a security group, volumes, tags.",
    fix: "Ask for a higher one in Service Quotas, or remove what is not needed.",
  },
  "aws-refused": {
    cause: "EC2 found something wrong with a call; its own words stand in the message.",
    fix: "Mend what it says and run the same command again: it goes on where it was.",
  },
  "aws-not-ours": {
    cause:
      "A security group, key pair or other thing of that name was made by somebody else; or somebody took kctl's tags off a machine.",
    fix: "Rename or remove it if it is yours, or give the cluster another name; give the machine its tags back with the command that the error shows.",
  },
  "machine-lost": {
    cause: "EC2 ended the instance as it started (a disk or key problem, no capacity), or somebody did.",
    fix: "The message has EC2's reason. Run `kctl up` again: it makes the machine anew.",
  },
  "no-ttl": {
    cause: "`kctl extend`, or a `ttl`, for a cluster that was made without one.",
    fix: "Whether a machine ends itself, and its data with it, is settled when the cluster is made: `kctl destroy`, then `kctl up --ttl 4h`.",
  },
  "open-to-the-world": {
    cause:
      "A rule of the cluster's security group has `0.0.0.0/0` or `::/0` and covers a port of ZooKeeper, of a controller, or of the brokers' own listener, which do what whoever reaches them asks. Somebody added the rule by hand, or the brokers' port for clients is one that another node's server has as well.",
    fix: "Take the rule out of the group (the error names it), or move the port; where it is meant, name the port in `provider.access.allowWorld`.",
  },
} as const satisfies Partial<Record<FaultCode, Causes>>;
