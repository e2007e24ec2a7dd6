/** kctl hosts */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "With `advertise: name` brokers tell clients the names of their nodes, which a client's machine must be able to resolve: by its DNS, or by these lines. Where they tell addresses, nothing is printed to standard output, and a sentence says so. It changes nothing.",
  ],
  result: {
    cluster: "the cluster's name",
    listener: "`clients`, or with `--external` `external`",
    entries: "`{address, names}` each; empty where clients are told addresses",
    why: "why there are none; null where there are",
  },
  examples: [
    ["kctl hosts", "to add to /etc/hosts on a client's machine"],
    ["kctl hosts --external", "for one outside, which is told the other listener's names"],
  ],
};

export const hostsCommand = () =>
  specCommand("hosts", "print the lines of /etc/hosts that a client's machine needs", page)
    .option("--external", "for clients outside: the listener `kafka.external`")
    .action((options) =>
      run(options, async (context) => {
        const { hosts } = await import("../../operations/hosts.ts");
        const found = await hosts(context, { external: options.external ?? false });
        if (found.why !== null) context.emit({ type: "message", text: found.why });
        const lines = found.entries.map(({ address, names }) => `${address}\t${names.join(" ")}`);
        return { fields: found, text: () => lines.join("\n") };
      }),
    );
