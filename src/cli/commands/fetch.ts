/** kctl fetch */
import { specCommand } from "../command.ts";
import { run } from "../run.ts";

export const fetchCommand = () =>
  specCommand("fetch", "bring the artifacts that the cluster needs into the cache, verified").action((options) =>
    run(options, async (context) => {
      const { fetch } = await import("../../operations/fetch.ts");
      const { artifacts, classArchives } = await fetch(context);
      return {
        fields: { artifacts, classArchives: classArchives.map(({ path }) => path) },
        text: () =>
          [
            ...artifacts.map(({ name, version, path, source }) => `${name} ${version}: ${path} (from ${source})`),
            ...classArchives.map(({ of, path }) => `classes of ${of.name} ${of.version}: ${path}`),
          ].join("\n"),
      };
    }),
  );
