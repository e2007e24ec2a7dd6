/** What one machine says of itself, as plain data. What it does not tell is null. */
export type HostFacts = {
  /** The kernel's name, and what it calls the processor: `Linux`, `x86_64`. */
  readonly kernel: string;
  readonly architecture: string;
  /** From /etc/os-release. */
  readonly os: {
    readonly id: string;
    readonly like: readonly string[];
    readonly version: string;
    readonly title: string;
  } | null;
  /** What processes may use of it at most: the limit of a container, where there is one. */
  readonly memoryMiB: number | null;
  readonly swapMiB: number | null;
  /** Of transparent huge pages: `always`, `madvise` or `never`. */
  readonly hugePages: string | null;
  readonly openFiles: {
    /** What the kernel lets any process have. */
    readonly kernel: number | null;
    /** What this user's processes may have. */
    readonly user: number | null;
  };
  readonly disks: readonly DiskFacts[];
  /** Seconds that its clock is ahead of this machine's, and how wrong that may be. */
  readonly clock: { readonly ahead: number; readonly within: number } | null;
  /** Programs that kctl's scripts need and that are not there. */
  readonly missing: readonly string[];
  /** `curl` or `wget`. */
  readonly fetches: boolean;
  /** `apt-get`, `dnf` or `yum`. */
  readonly packages: string | null;
  readonly systemd: boolean;
  readonly selinuxEnforcing: boolean;
  /** null: it has no program to try with. */
  readonly reaches: readonly Reached[] | null;
};

export type DiskFacts = {
  /** What will lie there. */
  readonly name: string;
  readonly path: string;
  /** Tells one file system from another. */
  readonly device: string;
  readonly freeMiB: number;
  /** Where it has a fixed number of them. */
  readonly freeInodes: number | null;
  readonly type: string;
  readonly writable: boolean;
};

/** `closed`: the machine itself says that nobody listens, so nothing is in between. */
export type Reached = {
  readonly address: string;
  readonly port: number;
  readonly answer: "open" | "closed" | "silent" | "unreachable";
  /** In its own words, where it is neither open nor silent. */
  readonly said: string;
};

export type Target = Pick<Reached, "address" | "port">;
