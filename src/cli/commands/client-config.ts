/** kctl client-config */
import { Option } from "@commander-js/extra-typings";
import { clientFormats } from "../../render/client-config/client.ts";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Servers to begin with (two or three, one of each rack first, so that one may be down), serializers, `acks=all` and idempotence for producers; group, offset reset and manual commits for consumers; and a version of the client that fits the brokers. [How to use it](guides/clients.md), with a table of which versions fit.",
    "It reads the spec and asks no machine: only where kctl made the machines is EC2 asked for their addresses.",
  ],
  result: {
    cluster: "the cluster's name",
    format: "as asked for",
    bootstrap: "`HOST:PORT` of the servers to begin with",
    group: "the consumers' group",
    library:
      "`{name, version, fits}`: the client and the version to take; `fits` is a list of `{from, fits, why}`, the oldest first, of which versions do with these brokers (`yes`, `partly`, `no`)",
    content: "what is printed without `--json`",
  },
  examples: [
    ["kctl client-config --format properties > client.properties", "for Java, and for Kafka's own tools"],
    ["kctl client-config --format python --group billing > kafka_settings.py", "for kafka-python"],
    ["kctl client-config --format librdkafka --external > kcat.conf", "for kcat, from outside"],
  ],
};

export const clientConfigCommand = () =>
  specCommand("client-config", "print what a client needs to reach the cluster", page)
    .addOption(new Option("--format <format>", "for which client").choices(clientFormats).makeOptionMandatory())
    .option("--group <name>", "the consumers' group (default: CLUSTER-app)")
    .option("--external", "for clients outside: the listener `kafka.external`")
    .action((options) =>
      run(options, async (context) => {
        const { clientConfig } = await import("../../operations/client-config.ts");
        const { format, group = null, external = false } = options;
        const { content, ...rest } = await clientConfig(context, { format, group, external });
        return { fields: { ...rest, content }, text: () => content.trimEnd() };
      }),
    );
