/** kctl fetch */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Brings Kafka, ZooKeeper where the spec asks for one of its own, and Java where this machine has none that fits, into the cache, verified by their digests; on `local` also unpacks them and makes the archives of loaded classes that servers start from. For CI caches and for machines without internet.",
  ],
  result: {
    artifacts: "`{name, version, path, sha512, source}` each",
    classArchives: "on local: paths of the archives of loaded classes that servers start from",
  },
  examples: [
    ["kctl fetch", "before the network goes away"],
    ["kctl fetch --json", "where the archives are, and their digests"],
  ],
};

export const fetchCommand = () =>
  specCommand("fetch", "bring the artifacts that the cluster needs into the cache, verified", page).action((options) =>
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
