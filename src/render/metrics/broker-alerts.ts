/** What brokers tell that somebody should know: records that cannot be written or read, copies that are missing, threads that are busy. */
import { inCluster, type Alert } from "./alert.ts";
import { overControllers, type MetricsScope } from "./scope.ts";

const who = "broker {{ $labels.id }} on {{ $labels.node }}";

export function brokerAlerts(scope: MetricsScope): readonly Alert[] {
  // Controllers of KRaft tell some of the same names.
  const brokers = inCluster(scope, 'role="broker"');
  return [
    {
      alert: "BrokerDown",
      expr: `up${brokers} == 0`,
      for: "1m",
      severity: "critical",
      summary: "The broker {{ $labels.id }} on {{ $labels.node }} does not answer",
      description:
        "`kctl status` says whether it runs, and `kctl logs {{ $labels.node }}` why it does not; `kctl up` starts it again.",
    },
    ...availability(brokers, scope),
    ...copies(brokers),
    ...load(brokers),
    ...disks(brokers),
  ];
}

function availability(brokers: string, scope: MetricsScope): readonly Alert[] {
  const all = inCluster(scope);
  return [
    {
      alert: "OfflinePartitions",
      expr: `max(kafka_controller_offline_partitions${all}) > 0`,
      for: "1m",
      severity: "critical",
      summary: "{{ $value }} partitions have no leader",
      description:
        "They can be neither written nor read: no broker with a whole copy runs. `kctl status` names brokers that are down; `kctl up` starts them again.",
    },
    {
      alert: "UnderMinIsrPartitions",
      expr: `kafka_broker_under_min_isr_partitions${brokers} > 0`,
      for: "1m",
      severity: "critical",
      summary: `{{ $value }} partitions of ${who} have fewer copies in sync than min.insync.replicas`,
      description:
        "Producers with acks=all are refused there. Bring back the brokers that are down (`kctl status`, `kctl up`), or see why a broker is too slow to keep up.",
    },
    {
      alert: "UncleanLeaderElection",
      expr: `${overControllers(scope)}(increase(kafka_controller_unclean_elections_total${all}[5m])) > 0`,
      for: "0s",
      severity: "critical",
      summary: "A replica that missed records became leader: records are lost",
      description:
        "No replica in sync was there, and unclean.leader.election.enable lets another take over. Find out what was lost, write it again where you can, and take that setting back.",
    },
    {
      alert: "FailedProduceRequests",
      expr: `rate(kafka_broker_failed_produce_requests_total${brokers}[5m]) > 0`,
      for: "10m",
      severity: "warning",
      summary: `Producers fail to write to ${who}`,
      description:
        "For ten minutes requests to write were answered with errors. The producers' logs say with which; `kctl logs {{ $labels.node }}` says what the broker makes of it.",
    },
  ];
}

function copies(brokers: string): readonly Alert[] {
  return [
    {
      alert: "UnderReplicatedPartitions",
      expr: `kafka_broker_under_replicated_partitions${brokers} > 0`,
      for: "5m",
      severity: "warning",
      summary: `{{ $value }} partitions of ${who} have replicas that are not in sync`,
      description:
        "One more failure may cost service. `kctl topics describe` shows which replicas are missing; a broker is down (`kctl up` starts it), or its disk or network is too slow.",
    },
    {
      alert: "IsrShrinks",
      expr: `rate(kafka_broker_isr_shrinks_total${brokers}[5m]) > 0`,
      for: "10m",
      severity: "warning",
      summary: `Replicas of partitions of ${who} fall out of sync again and again`,
      description:
        "A restart makes that happen once; if it goes on, a broker cannot keep up. Look at the disks, the network and the garbage collection of the brokers that follow.",
    },
  ];
}

function load(brokers: string): readonly Alert[] {
  return [
    {
      alert: "RequestHandlersBusy",
      expr: `kafka_broker_request_handlers_idle_ratio${brokers} < 0.2`,
      for: "5m",
      severity: "warning",
      summary: `The request handlers of ${who} have nothing to do for {{ $value | humanizePercentage }} of their time`,
      description:
        "Requests begin to wait. Move leaders to other brokers, add brokers, or raise `num.io.threads` where processors are idle.",
    },
    {
      alert: "NetworkThreadsBusy",
      expr: `kafka_broker_network_threads_idle_ratio${brokers} < 0.2`,
      for: "5m",
      severity: "warning",
      summary: `The network threads of ${who} have nothing to do for {{ $value | humanizePercentage }} of their time`,
      description:
        "Clients begin to wait. See whether there are more connections than usual, and raise `num.network.threads` where processors are idle.",
    },
  ];
}

function disks(brokers: string): readonly Alert[] {
  return [
    {
      alert: "LogDirectoryOffline",
      expr: `kafka_broker_offline_log_directories${brokers} > 0`,
      for: "0s",
      severity: "critical",
      summary: `A data folder of ${who} failed`,
      description:
        "The broker does not use it any more, and its replicas are gone from there. `kctl logs {{ $labels.node }}` says why; mend the disk, then `kctl restart {{ $labels.node }}`.",
    },
    {
      alert: "LogCleanerDead",
      expr: `kafka_broker_dead_log_cleaners${brokers} > 0`,
      for: "1m",
      severity: "warning",
      summary: `The compaction of ${who} has stopped`,
      description:
        "Compacted topics grow without end, the committed offsets too. `kctl logs {{ $labels.node }}` says what it died of; `kctl restart {{ $labels.node }}` starts it again.",
    },
  ];
}
