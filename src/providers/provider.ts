/** Where machines come from and where they live. Nothing above knows which provider it is: it hands over data and hosts. */
import type { Platform } from "../cluster/platform.ts";
import type { Host } from "../hosts/host.ts";

export type Lock = {
  /** False once somebody else broke it: then nothing more may be changed. */
  readonly stillHeld: () => Promise<boolean>;
  readonly release: () => Promise<void>;
};

export type Provider = {
  readonly platform: Platform;
  /** The hosts of these nodes, for one look and the changes after it. */
  readonly hosts: (nodes: readonly string[]) => readonly Host[];
  /** Throws a `locked` fault that says who holds it. */
  readonly lock: (command: string) => Promise<Lock>;
  readonly readReceipt: () => Promise<string | null>;
  readonly writeReceipt: (text: string) => Promise<void>;
  readonly removeReceipt: () => Promise<void>;
  /**
   * After everything that these members had was removed: removes the folders that then are empty.
   * @returns what lies in the others, which is not kctl's
   */
  readonly tidy: (members: readonly { readonly node: string; readonly role: string }[]) => Promise<readonly string[]>;
};
