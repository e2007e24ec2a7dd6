/** What a source of artifacts is: it brings one archive into a folder of ours, checked, or throws why it cannot. */
import type { Artifact } from "../../services/desired.ts";

export type SourceRequest<A extends Artifact = Artifact> = {
  readonly artifact: A;
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

/** A source is asked only for what it can have: one of Apache's artifacts never for Java. */
export type Source<A extends Artifact = Artifact> = {
  readonly name: string;
  get(request: SourceRequest<A>): Promise<Got>;
};
