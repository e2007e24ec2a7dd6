/** Of which servers Prometheus and Grafana are told. */
export type MetricsTarget = {
  readonly role: "zookeeper" | "controller" | "broker" | "connect";
  readonly node: string;
  readonly id: number;
  /** HOST:PORT */
  readonly address: string;
};

export type MetricsScope = {
  readonly cluster: string;
  readonly quorum: "zookeeper" | "kraft";
  readonly targets: readonly MetricsTarget[];
};

/** Every controller of KRaft counts what the quorum did, those that stand by too; with ZooKeeper only the one that did it. */
export function overControllers({ quorum }: MetricsScope): "max" | "sum" {
  return quorum === "kraft" ? "max" : "sum";
}

export function has({ targets }: MetricsScope, role: MetricsTarget["role"]): boolean {
  return targets.some((target) => target.role === role);
}
