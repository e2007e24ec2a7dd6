/** kctl iam-policy */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "The least that kctl must be allowed to do in an AWS account, for whoever gives it its role: reading of EC2, making what carries the tag `kctl:cluster`, and changing what carries it. It asks nobody, and needs no credentials.",
    "With `-f SPEC` the policy is of that cluster only: its name, its region, and what its spec uses. Without, of every cluster of kctl's.",
  ],
  result: {
    policy: "the policy",
    actions: "every action in it, once",
  },
  examples: [
    ["kctl iam-policy > policy.json", "for everything that kctl can do"],
    ["kctl iam-policy -f aws.yaml", "for one cluster"],
  ],
};

export const iamPolicyCommand = () =>
  specCommand("iam-policy", "print the AWS permissions that kctl needs, as an IAM policy", page).action((options) =>
    run(options, async (context) => {
      const [{ allFeatures, iamPolicy, actionsOf, featuresOf }, { readAwsSpec }] = await Promise.all([
        import("../../ec2/iam-policy.ts"),
        import("../../operations/read-aws-spec.ts"),
      ]);
      const spec = options.file === undefined ? null : await readAwsSpec(context);
      const policy =
        spec === null
          ? iamPolicy({ cluster: null, region: null }, allFeatures)
          : iamPolicy({ cluster: spec.name, region: spec.provider.region }, featuresOf(spec));
      return {
        fields: { policy, actions: actionsOf(policy) },
        text: () => JSON.stringify(policy, null, 2),
      };
    }),
  );
