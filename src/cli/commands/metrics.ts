/** kctl metrics */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "For a cluster with `metrics: true` in its spec: `prometheus.yml` (each server with its cluster, node, role and id as labels), `alerts.yml` (rules that say what to do) and `dashboard.json` (for Grafana: Dashboards, New, Import). Write them again when servers come or go. It changes nothing.",
  ],
  result: {
    cluster: "the cluster's name",
    files: "`{path, content}` each; with `--out` without the content",
    out: "with `--out`: the folder",
  },
  examples: [
    [
      "kctl metrics --out monitoring",
      "write them there: `prometheus --config.file=monitoring/prometheus.yml` collects",
    ],
    ["kctl metrics", "print them, each under its name"],
  ],
};

export const metricsCommand = () =>
  specCommand("metrics", "write what Prometheus and Grafana need: scrape file, alert rules, dashboard", page)
    .option("--out <dir>", "write them there instead of standard output")
    .action((options) =>
      run(options, async (context) => {
        const { metrics } = await import("../../operations/metrics.ts");
        const { cluster, files } = await metrics(context);
        if (options.out === undefined)
          return {
            fields: { cluster, files },
            text: () => files.map(({ path, content }) => `==> ${path} <==\n${content}`).join("\n"),
          };
        const out = resolve(context.cwd, options.out);
        await mkdir(out, { recursive: true });
        await Promise.all(files.map(({ path, content }) => writeFile(join(out, path), content)));
        const paths = files.map(({ path }) => path);
        return {
          fields: { cluster, out, files: paths.map((path) => ({ path })) },
          text: () => `${paths.join(", ")} written to ${out}`,
        };
      }),
    );
