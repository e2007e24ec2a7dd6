/** What those tell that keep the cluster's metadata: the controller in charge, the quorum of controllers or the ensemble of ZooKeeper servers. */
import { inCluster, type Alert } from "./alert.ts";
import type { MetricsScope } from "./scope.ts";

export function keeperAlerts(scope: MetricsScope): readonly Alert[] {
  return [...inCharge(scope), ...(scope.quorum === "kraft" ? quorum(scope) : ensemble(scope))];
}

function down(scope: MetricsScope, alert: string, role: string, title: string): Alert {
  return {
    alert,
    expr: `up${inCluster(scope, `role="${role}"`)} == 0`,
    for: "1m",
    severity: "critical",
    summary: `The ${title} {{ $labels.id }} on {{ $labels.node }} does not answer`,
    description:
      "With one more gone there may be no majority, and without one nothing can be changed. `kctl logs {{ $labels.node }}` says why it does not run; `kctl up` starts it again.",
  };
}

function inCharge(scope: MetricsScope): readonly Alert[] {
  const active = `sum(kafka_controller_active${inCluster(scope)})`;
  return [
    {
      alert: "NoActiveController",
      expr: `(${active} or vector(0)) == 0`,
      for: "1m",
      severity: "critical",
      summary: "No controller is in charge",
      description:
        "Topics cannot be made, and partitions whose leader goes get no other one. `kctl status` says which servers are down; `kctl up` starts them again.",
    },
    {
      alert: "SeveralActiveControllers",
      expr: `${active} > 1`,
      for: "1m",
      severity: "critical",
      summary: "{{ $value }} controllers hold themselves to be in charge",
      description:
        "Brokers may be told different things. See with `kctl status` who is the controller, and restart the other's node with `kctl restart NODE`.",
    },
  ];
}

function quorum(scope: MetricsScope): readonly Alert[] {
  const all = inCluster(scope);
  return [
    down(scope, "ControllerDown", "controller", "controller"),
    {
      alert: "ControllerLag",
      expr: `kafka_controller_lag_seconds${all} > 10`,
      for: "2m",
      severity: "warning",
      summary: "The controller {{ $labels.id }} on {{ $labels.node }} is {{ $value | humanizeDuration }} behind",
      description:
        "It could not take over soon. Look at its disk, its garbage collection and its way to the other controllers; `kctl status` shows the lag of each voter.",
    },
    {
      alert: "BrokerMetadataLag",
      expr: `kafka_broker_metadata_lag_seconds${all} > 10`,
      for: "2m",
      severity: "warning",
      summary:
        "The broker {{ $labels.id }} on {{ $labels.node }} learns of changes {{ $value | humanizeDuration }} late",
      description: "It tells clients what was true before. Look at its load, and at its way to the controllers.",
    },
    {
      alert: "FencedBrokers",
      expr: `max(kafka_controller_fenced_brokers${all}) > 0`,
      for: "5m",
      severity: "warning",
      summary: "{{ $value }} brokers are registered and take no part",
      description:
        "They are down, or the controllers do not hear of them in time. `kctl status` names them; `kctl up` starts what is down.",
    },
    {
      alert: "MetadataErrors",
      expr: `kafka_controller_metadata_errors${all} > 0`,
      for: "0s",
      severity: "warning",
      summary: "The controller {{ $labels.id }} on {{ $labels.node }} met errors in the metadata",
      description:
        "`kctl logs {{ $labels.node }}` shows them. Before you restart anything, see that the other controllers have none.",
    },
  ];
}

function ensemble(scope: MetricsScope): readonly Alert[] {
  const all = inCluster(scope);
  const servers = inCluster(scope, 'role="zookeeper"');
  return [
    down(scope, "ZooKeeperServerDown", "zookeeper", "ZooKeeper server"),
    {
      alert: "ZooKeeperWithoutLeader",
      expr: `count(up${servers} == 1) unless count(zookeeper_server${inCluster(scope, 'mode=~"leader|standalone"')})`,
      for: "1m",
      severity: "critical",
      summary: "The ZooKeeper servers have no leader",
      description:
        "They serve nobody: there is no majority, or the servers do not reach each other on the ports 2888 and 3888. `kctl status` says which are down; `kctl up` starts them again.",
    },
    {
      alert: "ZooKeeperServerApart",
      expr: `up${servers} == 1 unless on (instance) zookeeper_server${all}`,
      for: "2m",
      severity: "warning",
      summary: "The ZooKeeper server {{ $labels.id }} on {{ $labels.node }} runs and takes no part in the ensemble",
      description:
        "It looks for a leader or is still catching up. `kctl logs {{ $labels.node }}` says which; see that it reaches the others on the ports 2888 and 3888.",
    },
    {
      alert: "ZooKeeperBehind",
      expr: `scalar(max(zookeeper_znodes${all})) - zookeeper_znodes${all} > 100`,
      for: "5m",
      severity: "warning",
      summary: "The ZooKeeper server {{ $labels.id }} on {{ $labels.node }} has {{ $value }} znodes fewer than another",
      description: "It does not keep up with its leader. Look at its disk and its garbage collection.",
    },
    {
      alert: "ZooKeeperRequestsWait",
      expr: `zookeeper_outstanding_requests${all} > 10`,
      for: "5m",
      severity: "warning",
      summary: "{{ $value }} requests wait for the ZooKeeper server {{ $labels.id }} on {{ $labels.node }}",
      description:
        "Mostly its disk is too slow, or shared with a broker that is busy. Give its data a disk of its own.",
    },
    {
      alert: "ZooKeeperSlowDisk",
      expr: `increase(zookeeper_slow_fsyncs_total${all}[10m]) > 0`,
      for: "10m",
      severity: "warning",
      summary: "The disk of the ZooKeeper server {{ $labels.id }} on {{ $labels.node }} is slow",
      description:
        "Writing its log takes over a second, again and again. Give its data a disk of its own, or a faster one.",
    },
    {
      alert: "ZooKeeperSessionsExpire",
      expr: `increase(kafka_broker_zookeeper_expires_total${all}[10m]) > 0`,
      for: "0s",
      severity: "warning",
      summary: "The broker {{ $labels.id }} on {{ $labels.node }} lost its session with ZooKeeper",
      description:
        "Meanwhile others led its partitions. Look at the broker's garbage collection, and at its way to the ZooKeeper servers.",
    },
  ];
}
