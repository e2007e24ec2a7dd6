/** kctl up */
import { Option } from "@commander-js/extra-typings";
import { KctlError } from "../../fault.ts";
import type { SmokeResult } from "../../kafka/smoke-test/result.ts";
import type { Context } from "../../operations/context.ts";
import type { Event } from "../../report/events.ts";
import { timingOf, type Timed } from "../../report/timing.ts";
import { timingText } from "../../report/timing-text.ts";
import { shellPath, shellWord } from "../../report/shell-word.ts";
import { smokeTestText } from "../../report/smoke-test-text.ts";
import { canaryHelp, canaryOf } from "../canary.ts";
import { lifeSeconds, specCommand, type CommandPage } from "../command.ts";
import { run, type Done } from "../run.ts";

const page: CommandPage = {
  about: [
    "Looks at what is there, works out what differs from the spec, makes it so in a safe order, and looks again until there is nothing left to do. So it is one command for a first install, a changed setting, a dead server, and a run that was killed half-way; a second `up` changes nothing.",
    "On a terminal it asks before it restarts servers of a running cluster; without one it goes ahead.",
  ],
  result: {
    cluster: "the cluster's name",
    changed: "how many things it changed; 0 where all was as it should be",
    seconds: "how long that took, a smoke test not counted; it and `changed` are there too where `up` failed",
    bootstrap: "where clients connect to: `HOST:PORT,HOST:PORT`",
    externalBootstrap: "with `kafka.external`: where clients outside connect to",
    expires: "with a `ttl`: the moment at which the cluster ends itself",
    software: "the folder of Kafka's software; its own tools lie in `bin/`",
    left: "with `--step`: servers that are still to be restarted",
    notInPlan: "with `--plan`: what came to light, does not stand in the plan, and was left",
    canary:
      "with `--canary`: what went through, `{records, read, lost, doubled, reordered, altered, late, seconds, partitions, longestPauseMs, partition, during}`; `null` where nothing was restarted",
    timing:
      "with `--timing`: `{seconds, own, path}`: how long `up` took, how much of that was kctl's own work, and the steps that the rest waited for, one after the other: `{key, title, from, to, waits}` each, in seconds; `waits` is `machines` (their packages included), `servers` or `downloads`, null where kctl itself was at work",
    checks: "with `--smoke-test`: as in `kctl smoke-test`",
    smokeTest: "with `--smoke-test`: its `seconds` and `waited`, as in `kctl smoke-test`",
  },
  examples: [
    ["kctl up", "make the cluster of kctl.yaml, or bring it up to date"],
    ["kctl up -f staging.yaml --smoke-test", "another spec; prove afterwards that records go through"],
    ["kctl up --canary", "see that no record is lost while servers are restarted"],
    ["kctl up --yes --step", "restart one server, then end: the next one goes on"],
    ["kctl up --ttl 4h", "on EC2: it ends itself in four hours, data included"],
    ["kctl up --timing", "see what the time went by with"],
    ["kctl up --plan reviewed.json", "do what that plan says, or nothing"],
  ],
};

export const upCommand = () =>
  specCommand("up", "make the cluster what the spec says, then verify it", page)
    .option("--yes", "do not ask before servers of a running cluster are restarted")
    .option("--step", "ask before each restart; without a terminal, end after one")
    .addOption(
      new Option("--ttl <duration>", "on EC2: let the cluster end itself after that time, data included").argParser(
        lifeSeconds,
      ),
    )
    .option("--plan <file>", "carry out this plan, which `kctl plan --out` wrote, or nothing")
    .option("--canary", canaryHelp)
    .option("--timing", "show what the time went by with: the steps that all else waited for")
    .option("--smoke-test", "end with a smoke test")
    .option("--junit <file>", "with --smoke-test: write a JUnit report, also where it does not get that far")
    .action((options) => {
      const started = performance.now();
      const spent = (): number => Number(((performance.now() - started) / 1000).toFixed(3));
      let count = 0;
      const canary = canaryOf(options.canary);
      const heard: Timed[] = [];
      const body = async (given: Context): Promise<Done> => {
        const context =
          options.timing === undefined ? given : listening(given, (event) => heard.push({ at: spent(), event }));
        const work = (tested: (result: SmokeResult) => void): Promise<Done> =>
          upAndTest(
            { ...options, heard, spent, onChanged: (more) => (count += more), tested, records: canary },
            context,
          );
        if (options.junit === undefined) return work(() => undefined);
        if (options.smokeTest === undefined)
          throw new KctlError({
            code: "usage",
            what: "--junit is the report of a smoke test",
            fix: "add --smoke-test, or leave --junit away",
          });
        const { withJunit } = await import("../../operations/junit-file.ts");
        return withJunit(context, options.junit, work);
      };
      return run(options, body, () => ({ changed: count, seconds: spent(), ...canary.fields() }));
    });

/** Events go where they went, and are kept. */
function listening(context: Context, keep: (event: Event) => void): Context {
  return {
    ...context,
    emit: (event) => {
      keep(event);
      context.emit(event);
    },
  };
}

type Work = {
  readonly timing?: true | undefined;
  readonly heard: readonly Timed[];
  readonly yes?: true | undefined;
  readonly step?: true | undefined;
  readonly plan?: string | undefined;
  readonly ttl?: number | undefined;
  readonly smokeTest?: true | undefined;
  readonly spent: () => number;
  readonly onChanged: (more: number) => void;
  readonly tested: (result: SmokeResult) => void;
  readonly records: ReturnType<typeof canaryOf>;
};

async function upAndTest(work: Work, context: Context): Promise<Done> {
  const { up } = await import("../../operations/up.ts");
  const result = await up(context, {
    yes: work.yes ?? false,
    step: work.step ?? false,
    plan: work.plan ?? null,
    ttl: work.ttl ?? null,
    onChanged: work.onChanged,
    watch: await work.records.watch(context),
  });
  const { changed, cluster, bootstrap, externalBootstrap, software, refused, left, notInPlan } = result;
  const seconds = work.spent();
  const timing = work.timing === undefined ? null : timingOf(work.heard, seconds);
  const fields = {
    cluster,
    changed,
    seconds,
    bootstrap,
    ...(externalBootstrap === null ? {} : { externalBootstrap }),
    ...(result.expires === null ? {} : { expires: result.expires }),
    software,
    ...(work.step === undefined ? {} : { left }),
    ...(work.plan === undefined ? {} : { notInPlan }),
    ...(timing === null ? {} : { timing }),
    ...work.records.fields(),
  };
  const told = timing === null ? "" : `\n\n${timingText(timing)}`;
  const text = (proof: string): string => upText(result, seconds, `${told}${work.records.text()}${proof}`, context);
  if (work.smokeTest === undefined) return { faults: refused, fields, text: () => text("") };
  const { smokeTest } = await import("../../operations/smoke-test.ts");
  const proof = await smokeTest(context, { keep: false, failover: false, yes: true });
  work.tested(proof);
  return {
    ok: proof.ok && refused.length === 0,
    faults: [...refused, ...proof.faults],
    fields: { ...fields, checks: proof.checks, smokeTest: { seconds: proof.seconds, waited: proof.waited } },
    text: () => text(`\n${smokeTestText(proof)}`),
  };
}

type Shown = {
  readonly changed: number;
  readonly cluster: string;
  readonly bootstrap: string;
  readonly externalBootstrap: string | null;
  readonly software: string;
  readonly javaHome: string | null;
  readonly on: string | null;
  readonly expires: string | null;
  readonly left: readonly string[];
};

function upText(
  { changed, cluster, bootstrap, externalBootstrap, software, javaHome, on, expires, left }: Shown,
  seconds: number,
  proof: string,
  { specFile, env, home }: Context,
): string {
  // In a clone kctl is reached through npx; what is printed should work when it is pasted.
  const kctl = env["npm_command"] === "exec" ? "npx kctl" : "kctl";
  const file = specFile === "kctl.yaml" ? "" : ` -f ${shellWord(specFile)}`;
  const rest = left.length === 0 ? "" : `\nStill to be restarted: ${left.join(", ")}. The next up goes on with them.`;
  const end = expires === null ? "" : `\nIt ends itself at ${expires}, data included; \`${kctl} extend\` moves that.`;
  const outside = externalBootstrap === null ? "" : `\n\nClients outside connect to\n  ${externalBootstrap}`;
  const there = on === null ? "" : `${kctl} ssh ${on}${file} -- `;
  const java = javaHome === null ? "" : `JAVA_HOME=${shellWord(javaHome)} `;
  return `
${cluster} is up: ${changed} change${changed === 1 ? "" : "s"} in ${seconds.toFixed(1)} s.${rest}${end}${proof}

Clients connect to
  ${bootstrap}${outside}

Try
  ${kctl} status${file}
  ${kctl} smoke-test${file}
  ${there}${java}${shellPath(`${software}/bin/kafka-topics.sh`, home)} --bootstrap-server ${bootstrap.split(",", 1)[0]} --list
  ${kctl} destroy${file}`;
}
