/** What changed of a cluster between two looks of `status --watch`: every kind of it, declared once. Shapes only grow. */

export type StatusEvent = {
  /** When it was seen: ISO 8601, in UTC. */
  readonly at: string;
} & (
  | ({ readonly kind: "isr-shrink" } & IsrChange)
  | ({ readonly kind: "isr-expand" } & IsrChange & { /** Whether they were replicas before. */ readonly back: boolean })
  | {
      readonly kind: "leader";
      readonly topic: string;
      readonly partition: number;
      /** null: it had none. */
      readonly from: number | null;
      /** null: it has none, it is offline. */
      readonly to: number | null;
    }
  | { readonly kind: "controller"; readonly from: number | null; readonly to: number | null }
  | { readonly kind: "broker-left"; readonly id: number; readonly node: string }
  | { readonly kind: "broker-came"; readonly id: number; readonly node: string }
  | {
      readonly kind: "service";
      readonly node: string;
      readonly role: string;
      readonly from: string;
      readonly to: string;
    }
);

export type IsrChange = {
  readonly topic: string;
  readonly partition: number;
  /** Those that left or came. */
  readonly brokers: readonly number[];
  /** As it is by now. */
  readonly isr: readonly number[];
  readonly replicas: readonly number[];
};

export const statusEvents: Readonly<Record<StatusEvent["kind"], string>> = {
  service: "A server's state changed: `running`, `stopped`, `failed`, `absent`, `unknown`.",
  "broker-left": "A broker is no longer registered.",
  "broker-came": "A broker is registered that was not before.",
  controller: "Another broker or, in KRaft clusters, another controller is in charge; null: none is known.",
  leader: "A partition has another leader, or none: then it is offline.",
  "isr-shrink": "Replicas of a partition are no longer in sync.",
  "isr-expand": "Replicas of a partition are in sync that were not before.",
};
