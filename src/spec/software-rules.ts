/** Rules of versions: those of Kafka, ZooKeeper, Java and the exporter that kctl knows, and that go together. */
import { leastExporter } from "./metrics-schema.ts";
import type { Problem } from "./problem.ts";
import type { RuleResult } from "./rules.ts";
import type { Spec } from "./schema.ts";
import { isFromVersion, javaFor, kafkaMinor, kafkaMinors, minorOf, newestKafkas, zookeeperMinors } from "./versions.ts";
import { listed, shown } from "./words.ts";

export function softwareRules(spec: Spec): RuleResult {
  const results = [kafkaRule(spec), zookeeperRule(spec), javaRule(spec), exporterRule(spec)];
  return {
    problems: results.flatMap(({ problem }) => problem ?? []),
    warnings: results.flatMap(({ warning }) => warning ?? []),
  };
}

type Verdict = { readonly problem?: Problem; readonly warning?: Problem };

function kafkaRule({ kafka: { version } }: Spec): Verdict {
  const path = ["kafka", "version"];
  const known = kafkaMinor(version);
  const use = `use one of ${listed(newestKafkas(), "and")}`;
  const minors = kafkaMinors.map(({ minor }) => minor);
  if (known === null)
    return {
      problem: {
        code: "spec-bad-value",
        path,
        what: `kctl does not know Kafka ${minorOf(version)}; it knows ${listed(minors, "and")}`,
        fix: use,
      },
    };
  if (known.patches.includes(version)) return {};
  return {
    warning: {
      code: "spec-rule",
      path,
      what: `kctl does not know Kafka ${version} yet, and takes it for ${known.minor} like any other`,
      fix: `see that it is out; the newest ${known.minor} that this kctl knows is ${shown(known.patches.at(-1) ?? "")}`,
    },
  };
}

function zookeeperRule({ zookeeper: { version } }: Spec): Verdict {
  if (version === undefined || zookeeperMinors.includes(minorOf(version))) return {};
  return {
    problem: {
      code: "spec-bad-value",
      path: ["zookeeper", "version"],
      what: `kctl does not know ZooKeeper ${minorOf(version)}; it knows ${listed(zookeeperMinors, "and")}`,
      fix: "take it out: Kafka brings the ZooKeeper that it was tested with",
    },
  };
}

function javaRule({ kafka, java }: Spec): Verdict {
  if (java?.version === undefined) return {};
  const path = ["java", "version"];
  const { minimum, maximum, recommended, deprecated } = javaFor(kafka.version);
  const fix = `write \`${recommended}\``;
  if (java.version < minimum || (maximum !== null && java.version > maximum)) {
    const range = maximum === null ? `${minimum} or newer` : `${minimum} to ${maximum}`;
    return {
      problem: {
        code: "spec-rule",
        path,
        what: `Kafka ${kafka.version} needs Java ${range}, not ${java.version}`,
        fix,
      },
    };
  }
  if (deprecated.includes(java.version))
    return {
      warning: {
        code: "spec-rule",
        path,
        what: `Kafka ${kafka.version} still runs on Java ${java.version}, but gives it up in its next major version`,
        fix,
      },
    };
  return {};
}

/** Those before it tell of the heap by another name than alerts and dashboard look for, and up to 0.19.0 all that there is. */
function exporterRule({ metrics }: Spec): Verdict {
  if (metrics === undefined || isFromVersion(metrics.version, leastExporter)) return {};
  return {
    problem: {
      code: "spec-bad-value",
      path: ["metrics", "version"],
      what: `the JMX exporter ${metrics.version} tells metrics by other names than kctl's alerts and dashboard know`,
      fix: `write ${shown(leastExporter)} or later, or take it out: kctl then takes ${shown(leastExporter)}`,
    },
  };
}
