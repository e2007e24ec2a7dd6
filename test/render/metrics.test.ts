/** What `kctl metrics` writes: to the byte; taken by Prometheus's own promtool; and each alert fires for series that are as bad as it says. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { alertsYaml } from "../../src/render/metrics/alerts.ts";
import { dashboardJson } from "../../src/render/metrics/dashboard.ts";
import { prometheusYaml } from "../../src/render/metrics/prometheus.ts";
import type { MetricsScope } from "../../src/render/metrics/scope.ts";
import { prometheusProgram } from "../prometheus.ts";

const nodes = [1, 2, 3];

const scopes: Readonly<Record<"zookeeper" | "kraft", MetricsScope>> = {
  zookeeper: {
    cluster: "demo",
    quorum: "zookeeper",
    targets: nodes.flatMap((n) => [
      { role: "zookeeper", node: `kafka-${n}`, id: n, address: `10.77.0.1${n}:7070` },
      { role: "broker", node: `kafka-${n}`, id: n, address: `10.77.0.1${n}:7071` },
    ]),
  },
  kraft: {
    cluster: "demo",
    quorum: "kraft",
    targets: [
      ...nodes.flatMap((n): MetricsScope["targets"] => [
        { role: "controller", node: `kafka-${n}`, id: 3000 + n, address: `127.0.0.1:${7062 + 10 * n}` },
        { role: "broker", node: `kafka-${n}`, id: n, address: `127.0.0.1:${7061 + 10 * n}` },
      ]),
      { role: "connect", node: "worker", id: 1, address: "[fd00::1]:7073" },
    ],
  },
};

const folder = mkdtempSync(join(tmpdir(), "kctl-metrics-"));
afterAll(() => rmSync(folder, { recursive: true }));

function promtool(...args: readonly string[]): string {
  const program = prometheusProgram("promtool");
  if (program === null) throw new Error("there is no promtool: `npm test` brings it");
  return execFileSync(program, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function put(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

type Rule = { readonly alert: string; readonly expr: string; readonly annotations: Readonly<Record<string, string>> };

function rulesOf(scope: MetricsScope): readonly Rule[] {
  const { groups } = parse(alertsYaml(scope)) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

type PanelJson = {
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  readonly targets?: readonly { readonly expr: string }[];
};

const panelsOf = (scope: MetricsScope): readonly PanelJson[] =>
  (JSON.parse(dashboardJson(scope)) as { readonly panels: readonly PanelJson[] }).panels;

const one = 'cluster="demo",node="kafka-1",id="1",instance="a"';

/** Series in promtool's own notation, a sample a minute, for which the alert fires after 20 minutes. */
const bad: Readonly<Record<string, readonly string[]>> = {
  BrokerDown: [`up{${one},role="broker"} 0x20`],
  OfflinePartitions: [`kafka_controller_offline_partitions{${one}} 3x20`],
  UnderMinIsrPartitions: [`kafka_broker_under_min_isr_partitions{${one},role="broker"} 2x20`],
  UncleanLeaderElection: [`kafka_controller_unclean_elections_total{${one}} 0x17 1 1 1`],
  FailedProduceRequests: [`kafka_broker_failed_produce_requests_total{${one},role="broker"} 0+1x20`],
  UnderReplicatedPartitions: [`kafka_broker_under_replicated_partitions{${one},role="broker"} 1x20`],
  IsrShrinks: [`kafka_broker_isr_shrinks_total{${one},role="broker"} 0+3x20`],
  RequestHandlersBusy: [`kafka_broker_request_handlers_idle_ratio{${one},role="broker"} 0.1x20`],
  NetworkThreadsBusy: [`kafka_broker_network_threads_idle_ratio{${one},role="broker"} 0.1x20`],
  LogDirectoryOffline: [`kafka_broker_offline_log_directories{${one},role="broker"} 1x20`],
  LogCleanerDead: [`kafka_broker_dead_log_cleaners{${one},role="broker"} 1x20`],
  NoActiveController: [`kafka_controller_active{${one}} 0x20`],
  SeveralActiveControllers: [
    `kafka_controller_active{${one}} 1x20`,
    'kafka_controller_active{cluster="demo",node="kafka-2",id="2",instance="b"} 1x20',
  ],
  ControllerDown: [`up{${one},role="controller"} 0x20`],
  ControllerLag: [`kafka_controller_lag_seconds{${one}} 30x20`],
  BrokerMetadataLag: [`kafka_broker_metadata_lag_seconds{${one}} 30x20`],
  FencedBrokers: [`kafka_controller_fenced_brokers{${one}} 1x20`],
  MetadataErrors: [`kafka_controller_metadata_errors{${one}} 1x20`],
  ZooKeeperServerDown: [`up{${one},role="zookeeper"} 0x20`],
  ZooKeeperWithoutLeader: [
    `up{${one},role="zookeeper"} 1x20`,
    `zookeeper_server{${one},role="zookeeper",mode="follower"} 1x20`,
  ],
  ZooKeeperServerApart: [`up{${one},role="zookeeper"} 1x20`],
  ZooKeeperBehind: [
    `zookeeper_znodes{${one}} 500x20`,
    'zookeeper_znodes{cluster="demo",node="kafka-2",id="2",instance="b"} 900x20',
  ],
  ZooKeeperRequestsWait: [`zookeeper_outstanding_requests{${one}} 40x20`],
  ZooKeeperSlowDisk: [`zookeeper_slow_fsyncs_total{${one}} 0+1x20`],
  ZooKeeperSessionsExpire: [`kafka_broker_zookeeper_expires_total{${one}} 0x17 1 1 1`],
  ConnectWorkerDown: [`up{${one},role="connect"} 0x20`],
  ConnectorTaskFailed: [`kafka_connect_connector_tasks{${one},connector="in",state="failed"} 1x20`],
  ConnectorStartFailed: [`kafka_connect_worker_task_startup_failures_total{${one},role="connect"} 0x17 1 1 1`],
  ConnectorRecordsFail: [`kafka_connect_task_record_failures_total{${one},connector="in",task="0"} 0+1x20`],
  GarbageCollection: [`jvm_gc_collection_seconds_sum{${one},role="broker",gc="x"} 0+20x20`],
  OpenFiles: [`process_open_fds{${one},role="broker"} 900x20`, `process_max_fds{${one},role="broker"} 1000x20`],
  MetricsIncomplete: [`jmx_scrape_error{${one},role="broker"} 1x20`],
};

/** A cluster as it should be: no alert of either kind may fire. */
const good: readonly string[] = [
  ...["broker", "zookeeper", "controller", "connect"].map((role) => `up{${one},role="${role}"} 1x20`),
  `zookeeper_server{${one},role="zookeeper",mode="leader"} 1x20`,
  `kafka_controller_active{${one}} 1x20`,
  `kafka_broker_request_handlers_idle_ratio{${one},role="broker"} 0.98x20`,
  `kafka_broker_network_threads_idle_ratio{${one},role="broker"} 0.98x20`,
  `kafka_controller_lag_seconds{${one}} 0.4x20`,
  `kafka_connect_connector_tasks{${one},connector="in",state="failed"} 0x20`,
  `jvm_gc_collection_seconds_sum{${one},role="broker",gc="x"} 0+1x20`,
];

function seriesOf(lines: readonly string[]): readonly object[] {
  return lines.map((line) => {
    const end = line.lastIndexOf("}") + 1;
    return { series: line.slice(0, end), values: line.slice(end + 1) };
  });
}

describe.each(["zookeeper", "kraft"] as const)("of a cluster with %s", (mode) => {
  const scope = scopes[mode];
  const alerts = rulesOf(scope);

  test("what is written, to the byte", async () => {
    const golden = (name: string): string => join(import.meta.dirname, `../golden/metrics/${mode}.${name}`);
    await expect(prometheusYaml(scope)).toMatchFileSnapshot(golden("prometheus.yml"));
    await expect(alertsYaml(scope)).toMatchFileSnapshot(golden("alerts.yml"));
    await expect(dashboardJson(scope)).toMatchFileSnapshot(golden("dashboard.json"));
  });

  test("promtool takes the scrape file, the rules, and every expression of the dashboard", () => {
    put("alerts.yml", alertsYaml(scope));
    expect(promtool("check", "config", put("prometheus.yml", prometheusYaml(scope)))).toContain("is valid");
    const expressions = panelsOf(scope).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(50);
    const rules = expressions.map((expr, index) => ({
      record: `dashboard:${index}`,
      expr: expr.replaceAll("$__rate_interval", "1m"),
    }));
    const file = put("dashboard.yml", stringify({ groups: [{ name: "dashboard", rules }] }));
    expect(promtool("check", "rules", file)).toContain(`${rules.length} rules found`);
  });

  test("each alert says what to do, and fires for what it is there for", () => {
    for (const { annotations } of alerts) {
      expect(annotations["summary"]).toMatch(/^\S.{10,140}$/);
      expect(annotations["description"]).toMatch(/^[A-Z`].{30,}\.$/);
    }
    const tests = alerts.map(({ alert }) => ({
      name: alert,
      interval: "1m",
      input_series: seriesOf(bad[alert] ?? []),
      promql_expr_test: [
        {
          expr: `count(ALERTS{alertname="${alert}",alertstate="firing",cluster="demo"})`,
          eval_time: "20m",
          exp_samples: [{ labels: "{}", value: 1 }],
        },
      ],
    }));
    put("alerts.yml", alertsYaml(scope));
    const content = { rule_files: ["alerts.yml"], evaluation_interval: "1m", tests };
    expect(promtool("test", "rules", put("test.yml", stringify(content)))).toContain("SUCCESS");
  });

  test("none fires where all is well, and one is told in words", () => {
    const down = `up{cluster="demo",job="demo-broker",node="kafka-2",id="2",role="broker",instance="b"}`;
    put("alerts.yml", alertsYaml(scope));
    const tests = [
      {
        interval: "1m",
        input_series: seriesOf(good),
        promql_expr_test: [{ expr: "count(ALERTS)", eval_time: "20m", exp_samples: [] }],
      },
      {
        interval: "1m",
        input_series: [{ series: down, values: "1x5 0x10" }],
        alert_rule_test: [
          {
            alertname: "BrokerDown",
            eval_time: "10m",
            exp_alerts: [
              {
                exp_labels: {
                  severity: "critical",
                  cluster: "demo",
                  job: "demo-broker",
                  node: "kafka-2",
                  id: "2",
                  role: "broker",
                  instance: "b",
                },
                exp_annotations: {
                  summary: "The broker 2 on kafka-2 does not answer",
                  description:
                    "`kctl status` says whether it runs, and `kctl logs kafka-2` why it does not; `kctl up` starts it again.",
                },
              },
            ],
          },
        ],
      },
    ];
    const content = { rule_files: ["alerts.yml"], evaluation_interval: "1m", tests };
    expect(promtool("test", "rules", put("test.yml", stringify(content)))).toContain("SUCCESS");
  });

  test("no two panels of the dashboard lie on each other, and none beyond its edge", () => {
    const taken = new Set<string>();
    for (const { gridPos } of panelsOf(scope)) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken).not.toContain(`${x},${y}`);
          taken.add(`${x},${y}`);
        }
    }
  });
});

test("each case is of an alert that there is", () => {
  const names = Object.values(scopes).flatMap((scope) => rulesOf(scope).map(({ alert }) => alert));
  expect(Object.keys(bad).toSorted()).toEqual([...new Set(names)].toSorted());
});
