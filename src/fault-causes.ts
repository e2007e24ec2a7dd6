/**
 * Of every error code: how it comes about, and what to do about it, in Markdown. Only the reference of errors is made of it, so that no
 * command loads it; what is wrong in a case at hand, the error itself says.
 */
import { connectFaultCauses } from "./fault-causes-connect.ts";
import { ec2FaultCauses } from "./fault-causes-ec2.ts";
import { externalFaultCauses } from "./fault-causes-external.ts";
import { groupFaultCauses } from "./fault-causes-groups.ts";
import { recordFaultCauses } from "./fault-causes-records.ts";
import { sshFaultCauses } from "./fault-causes-ssh.ts";
import type { FaultCode } from "./fault-codes.ts";

type Causes = { readonly cause: string; readonly fix: string };

export const faultCauses: Readonly<Record<FaultCode, Causes>> = {
  ...connectFaultCauses,
  ...ec2FaultCauses,
  ...externalFaultCauses,
  ...groupFaultCauses,
  ...recordFaultCauses,
  ...sshFaultCauses,
  "spec-unreadable": {
    cause:
      "There is no file of that name, it is a folder, or this user may not read it. Without `-f` and `$KCTL_SPEC`, kctl looks for `kctl.yaml` in the current folder.",
    fix: "Go to the folder of the spec, name it with `-f FILE`, or have one written: `kctl init`.",
  },
  "spec-syntax": {
    cause:
      "YAML cannot be made of the text: a tab in the indentation, a colon or a quote that is missing, two keys on a line, a file that is empty, not UTF-8, larger than 1 MiB, or more than one document.",
    fix: "Mend the line that the error shows; the caret stands where reading failed, which may be a little after the slip.",
  },
  "spec-unknown-key": {
    cause: "A slip, a key in the wrong place, or one that another tool has. Nothing is ever skipped silently.",
    fix: "Write the key that the error names, or take it out. [Every key](spec.md); for anchors of your own, start the name with `x-` at the top of the file.",
  },
  "spec-missing-key": {
    cause:
      "A key without a default is not there: `name`, `provider.type`, `kafka.version`, `nodes`, or the `roles` and the name of a node.",
    fix: "Add it; the error shows one that would do.",
  },
  "spec-wrong-type": {
    cause:
      "A list where one value is wanted, text where a number is, a value that is empty, or a number that YAML reads as something else (`3.10` is 3.1).",
    fix: "Write what the error says; put quotes around text that looks like a number.",
  },
  "spec-bad-value": {
    cause:
      "A version of Kafka that kctl does not know, a number out of bounds, a size without its unit, or a value that Kafka would refuse for this setting.",
    fix: "Write one of the values that the error names.",
  },
  "spec-not-built": {
    cause:
      "The key or value is promised (it stands in the reference as *later*), but this version of kctl does not carry it out. It is refused, never ignored.",
    fix: "Take it out, or write what the error offers in its place (`type: local`).",
  },
  "spec-rule": {
    cause:
      "Keys contradict each other or cannot work together: a topic with more replicas than there are brokers, a ZooKeeper role with Kafka 4, two services on one port, a node's name given twice. As a warning: it works, but not as well as it could.",
    fix: "Change one of the two places; the error says which would do.",
  },
  "spec-env": {
    cause: "The spec has `${NAME}` and the environment does not, or what stands between the braces is no name.",
    fix: "Set it (`export NAME=…`), give a default (`${NAME:-default}`), or write `$$` where a dollar was meant.",
  },
  "plan-unreadable": {
    cause: "The file is not there, is damaged, is no plan of `kctl plan --out`, or a newer kctl wrote it.",
    fix: "Make it again: `kctl plan --out FILE`.",
  },
  "plan-of-another": {
    cause: "The plan was made for a cluster of another name, or in another folder.",
    fix: "Name the spec that it was made for with `-f`, or make a plan for this one: `kctl plan --out FILE`.",
  },
  usage: {
    cause:
      "A command or an option that does not exist, a value that an option does not take, an argument that is missing, or a node that the cluster does not have.",
    fix: "See `kctl --help` and `kctl COMMAND --help`, or [the commands](commands.md).",
  },
  "file-exists": {
    cause:
      "`kctl init` was to write a file, and something of that name is there. kctl does not write over what it did not make.",
    fix: "Name another file (`kctl init FILE`), print the spec (`kctl init -`), or move the old one away.",
  },
  "confirmation-needed": {
    cause: "`kctl destroy` removes data, and runs where nobody can be asked: in a script, in CI, with `--json`.",
    fix: "Add `--yes`.",
  },
  "not-confirmed": {
    cause: "The answer was not `y`, or not the cluster's name where that is asked for.",
    fix: "Nothing was changed. Run it again, or with `--yes`.",
  },
  "node-too-old": {
    cause: "kctl runs on the Node.js that `node` on the PATH is, and that one is older than kctl needs.",
    fix: "Install a newer Node.js, from nodejs.org or with your package manager. A clone brings its own: `npm ci`, then `npx kctl`.",
  },
  "java-not-found": {
    cause:
      "Neither JAVA_HOME, nor the PATH, nor the usual folders have a Java that this Kafka runs on (3.x: 8 or newer, 4.x: 17 or newer; 17 is the best for all), the one that the spec names does not fit, and none could be fetched for this machine. On machines of their own: none there fits, the distribution gives none, and no archive of one could be fetched here.",
    fix: "Install Java 17, set JAVA_HOME, or name one with `java.home` in the spec; or put a JRE into the mirror, as the error says.",
  },
  "artifact-unavailable": {
    cause:
      "The cache does not have the archive, and every source failed; what each of them said stands below the error. Most often: no internet, a proxy, a firewall, or a version that does not exist.",
    fix: "Where a proxy is needed set HTTPS_PROXY; where Apache's site is blocked install Maven (`mvn`), whose settings.xml knows your company's repository; without any network run `kctl fetch` elsewhere and name its `archives/` as `artifacts.mirror`. A full disk is named too.",
  },
  "artifact-damaged": {
    cause:
      "What came does not have the digest or signature that its maker published: a download that was cut or changed on its way, a mirror that is out of step, a damaged disk.",
    fix: "Run the command again. If it stays, see where the archive came from: the error names the source. kctl never unpacks it.",
  },
  "class-archive-failed": {
    cause:
      "The JVM was run once to write down the classes that servers load, so that they start faster, and ended with an error: a Java that lacks class-data sharing, a full disk, too little memory.",
    fix: "It is a warning: servers start without the archive, only slower. `java: { archive: false }` in the spec does not try again.",
  },
  "local-io": {
    cause:
      "A folder may not be written, the disk is full, something else lies where kctl needs a file or folder, a link was put there, or the cluster belongs to another user of this machine.",
    fix: "Mend what the error names: free space, give the folder to this user, or move away what is in the way. kctl neither writes through it nor deletes it.",
  },
  "host-io": {
    cause:
      "On a host a disk is full or out of inodes, a file system is read-only, a file is marked as immutable, something else (a symbolic link, a folder) is where kctl needs a file, or a tool of the system refused. Nothing is ever written through a symbolic link, and what was there before is left as it was.",
    fix: "Mend what the error says on the host that it names, then run the same command again: it goes on from there.",
  },
  locked: {
    cause:
      "Another kctl changes this cluster just now; the error names its command and its process. The lock ends with that process, however it ends.",
    fix: "Wait until it is done, or stop it. Where the lock itself cannot be read, see that no other kctl runs, and remove the file that the error names.",
  },
  "preflight-failed": {
    cause:
      "Before `kctl up` changes anything on hosts that are new to the cluster, it asks them what `kctl check` asks: heaps larger than the memory, a disk that is full or read-only, no systemd, programs that are missing, clocks that differ by more than five seconds, names that resolve wrongly, ports that another cluster's receipt has, a firewall between two nodes. Each error is one of these, and all are told at once.",
    fix: "Mend what the errors say on the hosts that they name. `kctl check` tells them again, with what was measured and what is wanted, and warnings too.",
  },
  "port-taken": {
    cause:
      "A process that is not of this cluster listens on a port that one of its servers needs: another cluster, a Kafka or ZooKeeper of the system, anything.",
    fix: "Stop that process, or move all ports of this cluster with another `provider.port`.",
  },
  "no-address": {
    cause:
      "`advertise` of `kafka.clients` or `kafka.external` says `public` or `private`, and the node's machine has no such address.",
    fix: "Say another `advertise`, or give the machine such an address.",
  },
  "identity-conflict": {
    cause:
      "A folder holds the data of another broker, controller, ZooKeeper server or cluster than the spec and the receipt say: it was copied, moved or restored, or it is gone.",
    fix: "Put the right data back, or, if the data may go, `kctl destroy` and `kctl up`. kctl does not start a server on data of which it does not know whose it is.",
  },
  "volume-conflict": {
    cause:
      "kctl formats a data volume only where it is blank: nothing that `blkid` knows, and zeros at its beginning. Here it holds a file system or partitions of somebody's, or was formatted before and is blank now; or it is mounted elsewhere, something else is mounted in its place, or there are files in that folder on the machine's own disk, which a mount would hide.",
    fix: "See what it is (`blkid -p`, `lsblk -f`, `findmnt` on the host), move away what is needed, and do what the error says; then run the same command again.",
  },
  "volume-missing": {
    cause:
      "The disk was not attached within `--timeout`, or the machine does not find it by its id; or it was not mounted when a server was to start, which then refuses to: in the empty folder it would begin anew.",
    fix: "See on EC2 whether the volume is attached to this instance, and on the host `lsblk -o NAME,SERIAL` and `systemctl status` of the mount unit; then `kctl up`, which mounts it and goes on.",
  },
  "not-built": {
    cause:
      "The change that the spec asks for is one that this version of kctl does not carry out: another version of Kafka, servers taken out, other ports of a running server (nothing is touched then); fewer partitions or other replicas of a topic (all else is done).",
    fix: "Put that key back to what the cluster has; the error says to what.",
  },
  "service-died": {
    cause:
      "A server ended while it started: a setting that it refuses, too little memory, data that is damaged. The end of its log stands below the error.",
    fix: "Mend what the log says, then run `kctl up` again: it goes on from there.",
  },
  "service-not-ready": {
    cause:
      "A server runs, but does not serve: its peers or controllers are down, it reads its logs through after a kill, or the machine is slow.",
    fix: "Mend the others first, look at its log, or give it longer with `--timeout 5m`; `kctl up` goes on from there.",
  },
  "plan-stale": {
    cause:
      "Between `kctl plan --out` and `kctl up --plan` the spec was edited or the cluster changed; nothing was touched. As a warning: something came to light while the plan was carried out that does not stand in it, and was left.",
    fix: "Make the plan again and review it: `kctl plan --out FILE`.",
  },
  "not-converged": {
    cause:
      "kctl made a change, looked, and found it undone: somebody or something else changes the same file, setting or process.",
    fix: "Find out who; the server's log may tell. `kctl plan` shows what is wanted and what is there.",
  },
  "pending-changes": {
    cause:
      "`kctl restart` would restart servers with another configuration than they run with, since the spec was edited or a file was.",
    fix: "Run `kctl up`, which also restarts what must be restarted; `kctl plan` shows what it would do.",
  },
  "roll-stopped": {
    cause:
      "Before a restart: the quorum would not outlive it, another broker is down, or a partition would have fewer replicas in sync than its min.insync.replicas. After one: the server does not come back into sync. The error names the partitions. Servers that follow were not touched.",
    fix: "See `kctl status`, mend what is down, then run `kctl up`: it goes on with the servers that are left. Replicas that only need time get it with `--timeout 30m`.",
  },
  unhealthy: {
    cause:
      "A server does not run or does not answer, a broker is not registered, or partitions are offline or under-replicated.",
    fix: "`kctl up` starts what is dead and repairs what it can; `kctl restart NODE` restarts what hangs. After a kill, brokers need some time to catch up.",
  },
  "kafka-unreachable": {
    cause:
      "No broker answered, or the address that a broker tells its clients cannot be reached from here: it is stopped, starting, hanging, or behind a firewall.",
    fix: "`kctl status` shows what runs; `kctl up` starts what does not.",
  },
  "listener-unusable": {
    cause:
      "An address that clients are told has a name that this machine does not know, or that means another machine here; nobody listens there; a firewall, a security group or a missing route is in between; something that is not Kafka has the port; or brokers tell other addresses than the spec has.",
    fix: "The error says which it is. [Why a client cannot connect](guides/clients.md#why-a-client-cannot-connect).",
  },
  "kafka-refused": {
    cause:
      "Kafka answered a request with an error, which is quoted: a policy of the cluster, a value that it does not take, a limit, missing rights.",
    fix: "Mend in the spec what it says, then run `kctl up` again.",
  },
  "no-topic": {
    cause: "The name is spelled otherwise, nobody made the topic yet, or a partition's number is beyond its last.",
    fix: "`kctl topics list` shows those that there are; `kctl topics apply` makes those of the spec.",
  },
  "topics-apply": {
    cause:
      "`replicas` of a topic in the spec is another number than the topic has, or the spec says `delete: true` of it, or `prune: true` and no longer names it.",
    fix: "`kctl topics plan` shows what it takes; `kctl topics apply` does it, after a question where data would be lost.",
  },
  "topic-in-use": {
    cause:
      "The smoke test wants to make its topic `test_log`, and a topic of that name holds records that no smoke test wrote.",
    fix: "It is left alone. If nobody needs it, delete it with Kafka's own tool, as the error shows, and run `kctl smoke-test` again.",
  },
  "smoke-test-failed": {
    cause:
      "Clients would have met this: a record was lost, doubled or changed, order was broken, a replica is behind, or something took too long. The check's own line says what was expected and what was seen.",
    fix: "See `kctl status` and the brokers' logs, then run `kctl smoke-test` again.",
  },
  "canary-failed": {
    cause:
      "A record that goes through the brokers while servers are restarted was confirmed by all replicas in sync and cannot be read, is there twice, stands after a later one, is not what was sent, or took longer than 30 s; or Kafka refused to take it. The error names the record, its partition and its offset, and which server was being restarted. Somebody who writes to the topic `kctl_canary`, or deletes from it, brings it about as well.",
    fix: "Nothing more is restarted: look at `kctl status` and at the log of the broker that led the partition, before anything else. `kctl_canary` is left to be looked at; the next `--canary` removes it and goes on with the servers that are left.",
  },
  protected: {
    cause: "The spec has `protected: true`, so that nobody destroys the cluster by accident.",
    fix: "Take it out of the spec first, if the cluster may really go.",
  },
  "no-cluster": {
    cause:
      "The spec's cluster was never made here, or was destroyed. A local cluster lies in `.kctl/` beside its spec: a spec that was moved is another cluster's.",
    fix: "Run `kctl up`, or go to the folder where the cluster is.",
  },
  "receipt-unreadable": {
    cause:
      "`.kctl/NAME/receipt.json`, the record of what kctl made, is damaged, is gone while servers and data are there, or a newer kctl wrote it.",
    fix: "Use the kctl that wrote it, or put it back from a backup; where it is gone, `kctl up` writes it anew from what it finds.",
  },
  "command-failed": {
    cause: "The command of `kctl exec` ended with another exit status than 0 on that node.",
    fix: "See what it printed there; the other nodes have run it all the same.",
  },
  "step-skipped": {
    cause:
      "A step that this one needs had failed. This version of kctl does not print it: the failed step's error names what was not done.",
    fix: "Mend what failed, then run `kctl up` again.",
  },
  timeout: {
    cause:
      "Something was waited for longer than `--timeout` (2 minutes, if it is not given): a server that stops slowly, a controller that is not elected, replicas that catch up, a slow machine.",
    fix: "See `kctl status` and the server's log; give it longer (`--timeout 10m`), and run the command again: it goes on from there.",
  },
  interrupted: {
    cause:
      "Ctrl-C, SIGTERM, or the end of the terminal's input while kctl asked. What was under way was finished first; after a second Ctrl-C it was cut off.",
    fix: "Run the same command again: it goes on from there. No file is left half-written.",
  },
  internal: {
    cause: "kctl met what its makers did not think of.",
    fix: "Run it again with `--verbose`, which shows where it comes from, and report that.",
  },
};
