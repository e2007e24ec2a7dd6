/** The numbered faults that the suite injects, by section. */

type Section = { readonly title: string; readonly faults: Readonly<Record<number, string>> };

export const sections = [
  {
    title: "The EC2 API",
    faults: {
      1: "an instance that was just launched is not known for a while",
      2: "a security group that was just made is not known for a while",
      3: "old and new views by turns",
      4: "running without an address",
      5: "the tag filter misses what is new",
      6: "RunInstances is done, its answer is lost",
      7: "the same, and kctl is killed",
      8: "a client token of a machine that is gone",
      9: "a client token with other parameters",
      10: "the first zone answers too late, and did launch",
      11: "no capacity",
      12: "a limit of the account",
      13: "more calls than EC2 takes",
      14: "more than one page",
      15: "pending, then terminated",
      16: "an image that is outdated, or of another architecture",
      17: "something hangs on the security group",
      18: "a machine is gone as it is terminated",
      19: "termination protection",
      20: "an action that is not allowed",
      21: "credentials that expire",
      22: "a clock that is wrong",
      23: "somebody's things with kctl's names",
      24: "a person changes things meanwhile",
    },
  },
  {
    title: "The process",
    faults: {
      25: "SIGKILL at each step boundary",
      26: "Ctrl-C once, twice",
      27: "two `up` racing",
      28: "`up` against `destroy`",
      29: "a stale lock, clocks that differ",
      30: "the holder of the lock sleeps past its lease",
      31: "the network to a machine is gone for a while",
      32: "the operator's address changes",
      33: "stdout closed, the disk of this machine full",
    },
  },
  {
    title: "SSH",
    faults: {
      34: "the wrong host key",
      35: "an address reused with an old key",
      37: "the port is open, nothing answers",
      38: "logins are refused for a while, then taken",
      39: "the host boots and lets nobody in yet",
      40: "an sshd that bans who comes too often",
      41: "one session, one login at a time",
      42: "the host goes silent in mid-command",
      43: "cut in the middle of an upload",
      44: "sudo refuses",
      45: "a noisy login script",
      46: "too much output, wrong bytes in it",
    },
  },
  {
    title: "The host",
    faults: {
      47: "the disk is full",
      48: "the package manager is busy",
      49: "a port is taken",
      50: "the data volume is not mounted",
      51: "/etc/hosts that cannot be written",
      52: "power lost or a reboot in the middle",
      54: "Java is missing or too old",
      55: "little memory",
      56: "a symbolic link planted at a target path",
    },
  },
  {
    title: "Artifacts",
    faults: {
      58: "a source without the file",
      59: "a source that is slow or silent",
      60: "a file cut short, or another one",
      61: "a signature that does not hold",
      62: "a signer who is not the first of KEYS",
      63: "the forms of .sha512",
      64: "redirects to where none may lead",
      65: "archives that mean harm",
      66: "a peer that serves a broken copy or dies",
    },
  },
  {
    title: "Kafka and ZooKeeper",
    faults: {
      67: "one of three ZooKeeper servers never starts",
      68: "myid swapped or empty",
      69: "meta.properties of another cluster or broker",
      70: "a stale registration of a broker",
      71: "a process that runs, and does not serve",
      72: "a roll of a cluster that is not whole",
      73: "an advertised listener that clients cannot reach",
      74: "`test_log` exists with other settings",
      75: "a leader dies in the smoke test",
    },
  },
] as const satisfies readonly Section[];

type KeysOfEach<T> = T extends unknown ? keyof T : never;

export type FaultNumber = KeysOfEach<(typeof sections)[number]["faults"]>;

/** Why a fault has no test yet: its row says so. */
export const notYet: Readonly<Partial<Record<FaultNumber, string>>> = {};
