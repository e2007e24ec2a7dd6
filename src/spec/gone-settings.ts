/** Settings that Kafka gave up: since which version, and what takes their place. */
import { isFrom } from "./versions.ts";

export type GoneSetting = {
  readonly pattern: RegExp;
  /** The first minor without it. */
  readonly since: string;
  readonly instead: string;
};

const takeOut = "take it out";
const byKraft = "take it out: without ZooKeeper there is nothing for it to do";

/**
 * Brokers' settings, the first that fits counts. Sources: "Notable changes" of kafka.apache.org's pages on upgrading, and
 * kafka.apache.org/42/getting-started/zk2kraft; that none is missing since 3.7 is seen by the tests.
 */
export const goneSettings: readonly GoneSetting[] = [
  { pattern: /^zookeeper\.metadata\.migration\./, since: "4.0", instead: "take it out: migrate with Kafka 3.9 first" },
  { pattern: /^zookeeper\./, since: "4.0", instead: byKraft },
  {
    pattern: /^inter\.broker\.protocol\.version$/,
    since: "4.0",
    instead: "take it out: the metadata version, which `kafka-features.sh` shows, took its place",
  },
  {
    pattern: /^control\.plane\.listener\.name$/,
    since: "4.0",
    instead: "take it out: controllers have a listener of their own",
  },
  { pattern: /^(broker\.id\.generation\.enable|reserved\.broker\.max\.id)$/, since: "4.0", instead: byKraft },
  { pattern: /^controlled\.shutdown\.(max\.retries|retry\.backoff\.ms)$/, since: "4.0", instead: byKraft },
  { pattern: /^leader\.imbalance\.per\.broker\.percentage$/, since: "4.0", instead: byKraft },
  {
    pattern: /^password\.encoder\./,
    since: "4.0",
    instead: "take it out: passwords that are set live are no longer encrypted where Kafka keeps them",
  },
  {
    pattern: /^alter\.config\.policy\.kraft\.compatibility\.enable$/,
    since: "4.0",
    instead: takeOut,
  },
  {
    pattern: /^eligible\.leader\.replicas\.enable$/,
    since: "4.0",
    instead: "take it out: the feature `eligible.leader.replicas.version` took its place",
  },
  { pattern: /^log\.message\.(format\.version|downconversion\.enable)$/, since: "4.0", instead: takeOut },
  {
    pattern: /^log\.message\.timestamp\.difference\.max\.ms$/,
    since: "4.0",
    instead: "write `log.message.timestamp.before.max.ms` and `log.message.timestamp.after.max.ms`",
  },
  { pattern: /^delegation\.token\.master\.key$/, since: "4.0", instead: "write `delegation.token.secret.key`" },
  {
    pattern: /^offsets\.commit\.required\.acks$/,
    since: "4.0",
    instead: "take it out: it is always -1, all in-sync copies",
  },
  {
    pattern: /^auto\.include\.jmx\.reporter$/,
    since: "4.0",
    instead: "take it out: `metric.reporters` has the JMX reporter by default",
  },
  { pattern: /^metrics\.jmx\.blacklist$/, since: "4.0", instead: "write `metrics.jmx.exclude`" },
  { pattern: /^metrics\.jmx\.whitelist$/, since: "4.0", instead: "write `metrics.jmx.include`" },
  {
    pattern: /^group\.coordinator\.new\.enable$/,
    since: "4.1",
    instead: "take it out: the new coordinator is the only one",
  },
  { pattern: /^group\.share\.max\.groups$/, since: "4.1", instead: takeOut },
  { pattern: /^metadata\.log\.segment\.min\.bytes$/, since: "4.1", instead: "write `metadata.log.segment.bytes`" },
  { pattern: /^share\.fetch\.max\.fetch\.records$/, since: "4.1", instead: takeOut },
  {
    pattern: /^group\.share\.enable$/,
    since: "4.3",
    instead: "take it out: the feature `share.version` took its place",
  },
  {
    pattern: /^internal\.metadata\.max\.fetch\.size\.in\.bytes$/,
    since: "4.3",
    instead: "write `controller.quorum.fetch.max.bytes`",
  },
  {
    pattern: /^unstable\.metadata\.versions\.enable$/,
    since: "3.8",
    instead: "write `unstable.feature.versions.enable`",
  },
];

export const goneTopicSettings: readonly GoneSetting[] = [
  { pattern: /^message\.(format\.version|downconversion\.enable)$/, since: "4.0", instead: takeOut },
  {
    pattern: /^message\.timestamp\.difference\.max\.ms$/,
    since: "4.0",
    instead: "write `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms`",
  },
];

/** Null where this minor still has it, or where it is no setting that ever went. */
export function goneSetting(of: "broker" | "topic", minor: string, name: string): GoneSetting | null {
  const all = of === "broker" ? goneSettings : goneTopicSettings;
  const gone = all.find(({ pattern }) => pattern.test(name));
  return gone !== undefined && isFrom(minor, gone.since) ? gone : null;
}
