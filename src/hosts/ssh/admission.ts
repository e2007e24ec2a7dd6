/** How a user gets into a host: its keys one by one, and who was refused and why. */
import type { AgentAuthMethod, BaseAgent, IdentityCallback, SignCallback } from "ssh2";
import { LockedKeyError, type Offer, type SignatureHash } from "./keyring.ts";
import { faultOf, LinkError, nameOf, sshCommand } from "./ssh-faults.ts";
import type { SshTarget } from "./target.ts";

/** How the user gets in, and what became of it. */
export type Admission = {
  readonly next: (left: readonly string[] | null) => AgentAuthMethod | null;
  readonly fault: (message: string) => LinkError;
  /** Whether a signature is being made, for which somebody may have to type a passphrase. */
  readonly typing: () => boolean;
  readonly begun: () => boolean;
};

/** ssh2 takes for an agent only what descends from its own. */
export type AsAgent = (methods: object) => BaseAgent;

export function makeAdmission(
  target: SshTarget,
  offers: readonly Offer[],
  leftOut: readonly string[],
  asAgent: AsAgent,
): Admission {
  const tried: string[] = [];
  let taken: readonly string[] | null = null;
  let locked: LockedKeyError | null = null;
  let asking = false;
  let begun = false;
  const waiting = [...offers];
  return {
    typing: () => asking,
    begun: () => begun,
    next: (left) => {
      begun = true;
      taken = left ?? taken;
      const offer = waiting.shift();
      if (offer === undefined) return null;
      tried.push(offer.name);
      return agentOf(offer, target.user, asAgent, {
        before: () => (asking = true),
        after: (error) => {
          asking = false;
          if (error instanceof LockedKeyError) locked = error;
        },
      });
    },
    fault: (message) => {
      if (locked !== null) return lockedFault(target, locked);
      return refusedUser(target, { tried, leftOut, taken, message });
    },
  };
}

type Around = { readonly before: () => void; readonly after: (error: unknown) => void };

/** ssh2 lets only agents answer later, as typing a passphrase needs: so each key is an agent with one. */
function agentOf(offer: Offer, username: string, asAgent: AsAgent, around: Around): AgentAuthMethod {
  const agent = {
    getIdentities: (done: IdentityCallback) => done(null, [offer.publicKey]),
    sign: (_key: unknown, data: Buffer, options: { hash?: SignatureHash }, done: SignCallback) => {
      void signWith(offer, data, options.hash, around, done);
    },
  };
  return { type: "agent", username, agent: asAgent(agent) };
}

async function signWith(
  offer: Offer,
  data: Buffer,
  hash: SignatureHash | undefined,
  around: Around,
  done: SignCallback,
): Promise<void> {
  around.before();
  try {
    const signature = await offer.sign(data, hash);
    around.after(null);
    done(null, signature);
  } catch (error) {
    around.after(error);
    done(error as Error);
  }
}

function lockedFault(target: SshTarget, { path, message }: LockedKeyError): LinkError {
  return new LinkError(
    "other",
    faultOf(target, "ssh-key-unusable", {
      what: `${nameOf(target)} takes the key ${path}, but ${message.slice(path.length + 1)}`,
      where: path,
      fix: `give it to the agent first: \`ssh-add ${path}\``,
    }),
  );
}

type Refusal = {
  readonly tried: readonly string[];
  readonly leftOut: readonly string[];
  readonly taken: readonly string[] | null;
  readonly message: string;
};

/** What pam_nologin says by default while systemd brings a machine up, and before it takes it down. */
const bootingOrEnding = /booting up|not permitted to log in yet|going down/i;

function refusedUser(target: SshTarget, { tried, leftOut, taken, message }: Refusal): LinkError {
  if (bootingOrEnding.test(message))
    return new LinkError(
      "auth",
      faultOf(target, "ssh-auth-refused", {
        what: `${nameOf(target)} lets nobody but root in at the moment: it boots, or is about to go down`,
        fix: "wait until it is up, then run the same command again",
        detail: message,
      }),
    );
  const which = tried.length === 0 ? "there is no key to offer" : `none of these keys was taken: ${tried.join(", ")}`;
  const takes = taken === null || taken.includes("publickey") ? "" : `; it takes no keys, only ${taken.join(", ")}`;
  const certificate =
    target.certificate === null ? "" : `; kctl cannot use certificates, one of which stands in ${target.certificate}`;
  const many = /too many/i.test(message);
  return new LinkError(
    "auth",
    faultOf(target, "ssh-auth-refused", {
      what: `${nameOf(target)} does not let ${target.user} in: ${which}${takes}${certificate}`,
      fix: many
        ? "name the right key (`provider.identityFile`): the host gave up before its turn came"
        : `put the public key into ~${target.user}/.ssh/authorized_keys there, or name the right user and key (\`provider.user\`, \`provider.identityFile\`); try \`${sshCommand(target)}\``,
      detail: [...leftOut, ...(message === "" || message.startsWith("All configured") ? [] : [message])].join("\n"),
    }),
  );
}
