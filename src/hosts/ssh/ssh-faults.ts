/** What can go wrong between kctl and a host's shell: each says which host, why, and the way out. */
import type { FaultCode } from "../../fault-codes.ts";
import { KctlError, type Fault } from "../../fault.ts";
import { shellWord } from "../../report/shell-word.ts";
import type { SshTarget } from "./target.ts";

/** What decides whether another attempt makes sense. */
export type Trouble = "refused" | "timed-out" | "no-route" | "no-name" | "no-banner" | "turned-away" | "auth" | "other";

/** A connection that could not be made, with what is to be known before it is tried again. */
export class LinkError extends KctlError {
  readonly trouble: Trouble;

  constructor(trouble: Trouble, fault: Fault, options?: ErrorOptions) {
    super(fault, options);
    this.trouble = trouble;
  }
}

function endpoint({ host, port }: SshTarget): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whom a sentence is about: the node, or the jump host before it. */
export function nameOf({ node, isJump }: SshTarget): string {
  return isJump ? `the jump host ${node}` : node;
}

/** The command that shows a person what kctl saw. */
export function sshCommand(target: SshTarget): string {
  const { jump, user, port, host } = target;
  const hops = hopsBefore(target).map((hop) => `${hop.user}@${endpoint(hop)}`);
  const through = jump === null ? [] : ["-J", hops.join(",")];
  const words = ["ssh", ...through, ...(port === 22 ? [] : ["-p", String(port)]), `${user}@${host}`];
  return words.map(shellWord).join(" ");
}

function hopsBefore({ jump }: SshTarget): SshTarget[] {
  return jump === null ? [] : [...hopsBefore(jump), jump];
}

export function faultOf(
  target: SshTarget,
  code: FaultCode,
  fault: { readonly what: string; readonly fix: string; readonly detail?: string | undefined; readonly where?: string },
): Fault {
  const { detail, ...rest } = fault;
  return {
    code,
    where: endpoint(target),
    ...rest,
    ...(target.isJump ? {} : { node: target.node }),
    ...(detail === undefined || detail.trim() === "" ? {} : { detail: detail.trim() }),
  };
}

const fixes: Readonly<Record<Trouble, string>> = {
  refused: "see that sshd runs there and that this is its port (`provider.port`)",
  "timed-out": "see that the machine is on, that the address is right, and that no firewall drops the packets",
  "no-route": "see that the address is right and that this machine has a route to it; a VPN may be down",
  "no-name": "correct the node's address, or see that its name resolves here",
  "no-banner": "something listens on this port that is not sshd, or sshd hangs: see its log on the machine",
  "turned-away": "wait a minute: sshd turns away addresses that connect too often (MaxStartups, PerSourcePenalties)",
  auth: "name the right user and key in the spec",
  other: "see what the command says",
};

export function unreachable(target: SshTarget, trouble: Trouble, why: string, detail?: string): LinkError {
  const what = `${nameOf(target)} cannot be reached over SSH at ${endpoint(target)}: ${why}`;
  return new LinkError(
    trouble,
    faultOf(target, "ssh-unreachable", { what, fix: `${fixes[trouble]}; try \`${sshCommand(target)}\``, detail }),
  );
}

/** What a failed attempt means once the host was reached in the same run: most likely nothing is wrong but that it is away. */
export function noLonger(error: unknown): unknown {
  if (!(error instanceof LinkError)) return error;
  const [fault] = error.faults;
  if (fault?.code !== "ssh-unreachable") return error;
  const fix = `kctl reached it a moment ago: if it reboots, wait until it is up, then run the same command again; else ${fault.fix}`;
  return new LinkError(error.trouble, { ...fault, fix }, { cause: error });
}

const words: Readonly<Record<string, readonly [Trouble, string]>> = {
  ECONNREFUSED: ["refused", "connection refused"],
  ETIMEDOUT: ["timed-out", "no answer"],
  EHOSTUNREACH: ["no-route", "no route to the host"],
  ENETUNREACH: ["no-route", "the network is unreachable"],
  EHOSTDOWN: ["no-route", "the host is down"],
  ENOTFOUND: ["no-name", "the name does not resolve"],
  EAI_AGAIN: ["no-name", "the name could not be looked up: no nameserver answers"],
  ECONNRESET: ["no-banner", "the connection was reset before SSH began"],
};

export function socketTrouble(target: SshTarget, error: unknown): LinkError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const [trouble, why] = words[code] ?? ["other", error instanceof Error ? error.message : String(error)];
  return unreachable(target, trouble, why);
}

/** RFC 4254, 5.1: why a channel was not opened. */
const channelTrouble = { prohibited: 1, connectFailed: 2 } as const;

/** A port of the machine that could not be connected to from there: as an error of a socket, unless SSH itself is to blame. */
export function notThrough(target: SshTarget, port: number, error: Error): Error {
  const reason = "reason" in error ? error.reason : null;
  const why = error.message.replace("(SSH) Channel open failure: ", "");
  if (reason === channelTrouble.connectFailed)
    return Object.assign(new Error(why.toLowerCase()), /refused/i.test(why) ? { code: "ECONNREFUSED" } : {});
  if (reason !== channelTrouble.prohibited)
    return lost(target, `no way through it to port ${port}: ${why.replace("(SSH) ", "")}`);
  return new KctlError(
    faultOf(target, "ssh-forwarding-refused", {
      what: `the sshd of ${nameOf(target)} lets nothing through to the machine's own port ${port}, by which kctl asks its servers`,
      fix: "let it: `AllowTcpForwarding local` in the machine's sshd_config, no `DisableForwarding`, a `PermitOpen` that has 127.0.0.1:*, no `no-port-forwarding` or `restrict` before the key in authorized_keys; then `systemctl reload ssh` there",
    }),
  );
}

export function lost(target: SshTarget, why: string): KctlError {
  return new KctlError(
    faultOf(target, "ssh-lost", {
      what: `the SSH connection to ${nameOf(target)} broke: ${why}`,
      fix: "run the same command again once the machine can be reached: it goes on from what it finds",
    }),
  );
}
