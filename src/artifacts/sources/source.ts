/** What a source of artifacts is: it brings one archive into a folder of ours, checked, or throws why it cannot. */
import type { Artifact } from "../../services/desired.ts";

export type SourceRequest = {
  readonly artifact: Artifact;
  /** A folder of this run's own; what a dead run left in it may be gone on with. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly progress: (bytes: number, total: number | null) => void;
};

export type Got = {
  /** The archive, in the request's folder. */
  readonly path: string;
  readonly sha512: string;
  /** Where it came from, as a reader may see it: no password, no query. */
  readonly source: string;
};

export type Source = {
  readonly name: string;
  get(request: SourceRequest): Promise<Got>;
};
