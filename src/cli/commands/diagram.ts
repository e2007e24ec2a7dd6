/** kctl diagram */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "An SVG of the cluster as it is now: a column a node, behind it its zone or rack, on top its servers and who is in charge; below a row a topic, with what each broker is for each partition: leader, follower, out of sync, offline. It follows light and dark as the page or the viewer does.",
  ],
  result: {
    cluster: "the cluster's name",
    topics: "how many topics it shows",
    out: "with `--out`: the file",
    svg: "without it: the picture",
  },
  examples: [
    ["kctl diagram --out cluster.svg", "for a browser, or a page of docs"],
    ["kctl diagram > cluster.svg", "the same"],
  ],
};

export const diagramCommand = () =>
  specCommand("diagram", "draw the cluster as SVG: zones, nodes, servers, leaders and replicas", page)
    .option("--out <file>", "write it there instead of standard output")
    .action((options) =>
      run(options, async (context) => {
        const { diagram } = await import("../../operations/diagram.ts");
        const { out } = options;
        const { cluster, topics, svg } = await diagram(context, out ?? null);
        return {
          fields: { cluster, topics, ...(out === undefined ? { svg } : { out }) },
          text: () => (out === undefined ? svg.trimEnd() : `Written to ${out}.`),
        };
      }),
    );
