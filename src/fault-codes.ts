/**
 * Every error code that kctl can print, declared once: its exit status, and what it means; causes and ways out are in fault-causes.ts.
 * The reference of error codes is generated from both; codes are part of the interface and only grow.
 */
type CodeInfo = { readonly exit: 1 | 2 | 130; readonly means: string };

export const faultCodes = {
  // The spec and the command line: exit 2, nothing was touched.
  "spec-unreadable": { exit: 2, means: "The spec's file cannot be read." },
  "spec-syntax": { exit: 2, means: "The spec is not well-formed YAML." },
  "spec-unknown-key": { exit: 2, means: "A key that kctl does not know." },
  "spec-missing-key": { exit: 2, means: "A key that must be there is not." },
  "spec-wrong-type": { exit: 2, means: "A value is of another type than its key takes." },
  "spec-bad-value": { exit: 2, means: "A value is of the right type, but not one that its key takes." },
  "spec-not-built": {
    exit: 2,
    means: "The key is part of kctl's interface, but this version does not carry it out yet.",
  },
  "spec-rule": { exit: 2, means: "The keys are right one by one, but do not go together." },
  "spec-env": { exit: 2, means: "An environment variable that the spec names is not set." },
  "plan-unreadable": { exit: 2, means: "The plan that `up --plan` names cannot be read, or a newer kctl made it." },
  "plan-of-another": { exit: 2, means: "The plan that `up --plan` names was made for another cluster." },
  usage: { exit: 2, means: "The command line is wrong." },
  "file-exists": { exit: 2, means: "The file that is to be written is there already." },
  "confirmation-needed": { exit: 2, means: "The command asks before it goes on, and there is no terminal to ask on." },
  "not-confirmed": { exit: 1, means: "kctl asked, and the answer was no." },
  // The operator's machine.
  "node-too-old": { exit: 1, means: "kctl needs a newer Node.js." },
  "java-not-found": { exit: 1, means: "No Java was found that can run this Kafka." },
  "artifact-unavailable": { exit: 1, means: "No source could give an artifact." },
  "artifact-damaged": { exit: 1, means: "An artifact is not what its digest says." },
  "class-archive-failed": {
    exit: 1,
    means: "As a warning: the archive of classes that servers start faster with could not be made.",
  },
  "local-io": { exit: 1, means: "A file or folder of this machine could not be read or written." },
  "command-failed": { exit: 1, means: "A command that was to be run on a node failed there." },
  "host-io": { exit: 1, means: "A file, a folder or a setting of a host could not be read or changed." },
  "host-stopping": { exit: 1, means: "A host shuts down or reboots while something was to be done on it." },
  locked: { exit: 1, means: "Another kctl is working on this cluster." },
  // The way to a host.
  "ssh-config-unusable": { exit: 1, means: "The configuration of ssh cannot be followed." },
  "ssh-unreachable": { exit: 1, means: "A host cannot be reached over SSH." },
  "ssh-auth-refused": { exit: 1, means: "A host does not let the user in." },
  "ssh-key-unusable": { exit: 1, means: "A private key cannot be used." },
  "host-key-unknown": { exit: 1, means: "Nothing says that a host's key is the right one; nothing was sent." },
  "host-key-changed": {
    exit: 1,
    means: "A host shows another key than the known one, or a revoked one; nothing was sent.",
  },
  "sudo-refused": { exit: 1, means: "The user may log in, but may not become root." },
  "ssh-lost": { exit: 1, means: "The connection to a host broke while something ran there." },
  "ssh-forwarding-refused": {
    exit: 1,
    means: "A host's sshd lets kctl reach none of the host's own ports through it.",
  },
  "ssh-output-too-long": { exit: 1, means: "A command on a host printed more than kctl keeps." },
  // EC2.
  "aws-credentials": { exit: 1, means: "AWS has no credentials to go by, or does not accept them." },
  "aws-denied": { exit: 1, means: "The credentials are right, but may not do what is needed." },
  "aws-unreachable": { exit: 1, means: "EC2 cannot be reached." },
  "aws-busy": { exit: 1, means: "EC2 asked for fewer calls, and kctl waited as long as it may." },
  "aws-capacity": { exit: 1, means: "EC2 has no machine of that type to give at the moment." },
  "aws-limit": { exit: 1, means: "A limit of the AWS account is reached." },
  "aws-refused": { exit: 1, means: "EC2 refused a call." },
  "aws-not-ours": {
    exit: 1,
    means: "Something in the account has a name that kctl would give, and not the cluster's tag; it is left alone.",
  },
  "machine-lost": { exit: 1, means: "An instance ended, or did not come up, while kctl waited for it." },
  "no-ttl": { exit: 1, means: "The cluster was made to stay, and has no end that could be moved." },
  // The cluster.
  "preflight-failed": {
    exit: 1,
    means: "Something is wrong with a host that a cluster would not come up with; nothing was changed.",
  },
  "port-taken": { exit: 1, means: "A port that a service needs is held by another process." },
  "no-address": { exit: 1, means: "A broker is to tell its clients an address that its machine does not have." },
  "identity-conflict": { exit: 1, means: "What is stored on a node disagrees about who it is." },
  "volume-conflict": {
    exit: 1,
    means: "A data volume, or the folder where it belongs, holds something else; nothing was formatted or hidden.",
  },
  "volume-missing": { exit: 1, means: "A data volume is not there, or not mounted where a server needs it." },
  "not-built": { exit: 1, means: "The change is part of kctl's plan for later and is not carried out yet." },
  "service-died": { exit: 1, means: "A service ended while kctl waited for it." },
  "service-not-ready": { exit: 1, means: "A service is running but did not become ready in time." },
  "plan-stale": {
    exit: 1,
    means: "What is to be changed is not what the plan says that `up --plan` names; as a warning: not in that plan.",
  },
  "not-converged": { exit: 1, means: "A change was made, and is wanted again just the same: something undoes it." },
  "pending-changes": { exit: 1, means: "The cluster is not yet what its spec says, and the command needs it to be." },
  "roll-stopped": {
    exit: 1,
    means:
      "A rolling restart stopped before a server whose restart would cost data or service, or after one that did not come back.",
  },
  "open-to-the-world": {
    exit: 1,
    means: "A security group lets everybody reach a port that nobody but the cluster should; nothing was changed.",
  },
  unhealthy: { exit: 1, means: "The cluster is not healthy." },
  "kafka-unreachable": { exit: 1, means: "No broker answered." },
  "listener-unusable": {
    exit: 1,
    means: "A client on this machine could not use a listener of the cluster, as `kctl doctor` found.",
  },
  "kafka-untrusted": {
    exit: 1,
    means: "No TLS connection to a broker could be made that can be trusted; nothing was sent.",
  },
  "kafka-auth-refused": { exit: 1, means: "A broker does not let the user in." },
  "kafka-refused": { exit: 1, means: "Kafka answered a request with an error." },
  "not-managed": { exit: 2, means: "The command needs the machines of a cluster that kctl does not manage." },
  "secret-missing": { exit: 2, means: "A secret, a certificate or a key is not where the spec says." },
  "burrow-unreachable": {
    exit: 1,
    means: "The cluster's Burrow tells nothing of its groups: a warning, since kctl judges them by itself then.",
  },
  "no-group": { exit: 1, means: "There is no consumer group of that name." },
  "group-active": {
    exit: 1,
    means: "A consumer group has members, which would go on from where they are; nothing was changed.",
  },
  "no-offsets": { exit: 1, means: "A consumer group has committed no offsets that could be reset." },
  "no-topic": { exit: 1, means: "There is no such topic, or it has no such partition." },
  "topics-apply": {
    exit: 1,
    means: "The spec asks for a change of a topic that moves data or deletes it, which is left to `kctl topics apply`.",
  },
  "connect-unreachable": { exit: 1, means: "No worker of Kafka Connect answered." },
  "connect-refused": { exit: 1, means: "A worker of Kafka Connect answered with an error." },
  "connector-invalid": {
    exit: 2,
    means: "A connector's class is not there, or the connector does not take its settings; nothing was changed.",
  },
  "connector-failed": { exit: 1, means: "A connector or one of its tasks failed, or did not come to run in time." },
  "offset-out-of-range": { exit: 1, means: "A partition has no record at the offset that is to be read from." },
  "record-refused": { exit: 1, means: "A line of standard input could not be made a record of." },
  "record-unreadable": { exit: 1, means: "Kafka handed over records that kctl cannot read." },
  "topic-in-use": { exit: 1, means: "A topic holds somebody's data, and is left alone." },
  "smoke-test-failed": { exit: 1, means: "A check of the smoke test failed." },
  "canary-failed": {
    exit: 1,
    means:
      "Under `--canary` or `--failover`, a record was lost, doubled, reordered, altered or late; or Kafka refused it.",
  },
  protected: { exit: 1, means: "The spec protects the cluster against destroy." },
  "no-cluster": { exit: 1, means: "There is no such cluster here." },
  "receipt-unreadable": { exit: 1, means: "The record of what kctl made is damaged or was written by a newer kctl." },
  "step-skipped": { exit: 1, means: "A step was not done because one that it needs failed." },
  timeout: { exit: 1, means: "Something took longer than --timeout allows." },
  interrupted: { exit: 130, means: "kctl was told to stop." },
  internal: { exit: 1, means: "A fault of kctl itself." },
} as const satisfies Record<string, CodeInfo>;

export type FaultCode = keyof typeof faultCodes;
