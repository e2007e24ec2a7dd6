/** The part of fault-causes.ts that is about SSH. */
export const sshFaultCauses = {
  "ssh-config-unusable": {
    cause:
      "`~/.ssh/config` cannot be parsed, its `ProxyJump` lines lead in a circle, it goes there by a `ProxyCommand`, or a jump host is written in a way that is none.",
    fix: "`ssh -G HOST` shows what ssh itself makes of it. Jump hosts are HOST, USER@HOST or USER@HOST:PORT, with commas between several.",
  },
  "ssh-unreachable": {
    cause:
      "The connection was refused (no sshd on this port), timed out (machine off, firewall, wrong address), found no route or no such name; or something answers that is no sshd, or an sshd that turns connections away (`MaxStartups`, `PerSourcePenalties`) or opens no session.",
    fix: "The error says which of these it is. Try the `ssh` command that it shows; what that needs, kctl needs. [How kctl logs in](guides/ssh.md).",
  },
  "ssh-auth-refused": {
    cause:
      "The host takes none of the keys that were offered (the error lists them, and those that were left out), does not know the user, or gives the user no shell.",
    fix: "Put the public key into the user's `authorized_keys` there, or name the right user and key (`provider.user`, `provider.identityFile`).",
  },
  "ssh-key-unusable": {
    cause:
      "The key file that the spec names is not there, is readable by others, or is of a kind that kctl does not read; or it is encrypted and there is no terminal to ask for its passphrase on.",
    fix: "`chmod 600 FILE`; for an encrypted key without a terminal, `ssh-add FILE` first.",
  },
  "host-key-unknown": {
    cause:
      "known_hosts has no key for the host, or only keys of kinds that it does not show. kctl never trusts a key by itself, whatever `StrictHostKeyChecking` says.",
    fix: "Compare the fingerprint with the one that the machine itself shows on its console, then add the key with the command in the error.",
  },
  "host-key-changed": {
    cause:
      "The machine was made anew, its address belongs to another machine now, somebody listens in, or known_hosts says `@revoked`. A machine that kctl made is known by the key that it gave it, and known_hosts is not asked. Nothing was sent to it, not even the user's name.",
    fix: "Find out which. Where the machine was made anew, `ssh-keygen -R HOST` takes the old key out, and the new one is checked and added.",
  },
  "sudo-refused": {
    cause:
      "The user is not root, and `sudo -n` asks for a password, wants a terminal (`requiretty`), is not installed, or does not allow it.",
    fix: "`USER ALL=(ALL) NOPASSWD: ALL` in `/etc/sudoers.d/kctl` on the host, or log in as root.",
  },
  "ssh-lost": {
    cause:
      "The network broke, the host went down or its sshd was ended while something ran; or it did not answer for 45 s.",
    fix: "Run the same command again: it looks at what was done, and does the rest.",
  },
  "host-stopping": {
    cause: "Somebody restarts or shuts down the host, or an unattended upgrade does, just while kctl works on it.",
    fix: "Wait until it is up, and run the same command again: it looks at what was done, and does the rest. Servers that were set up start at boot by themselves.",
  },
  "ssh-forwarding-refused": {
    cause:
      "The machine's sshd is hardened: `AllowTcpForwarding no` or `remote`, `DisableForwarding yes`, a `PermitOpen` without 127.0.0.1, or `no-port-forwarding` or `restrict` before the key in `authorized_keys`. kctl asks Kafka, ZooKeeper, Connect and Burrow through the SSH connection, so that no other port need be open.",
    fix: "`AllowTcpForwarding local` does: nobody can then listen on the machine's ports through SSH. With `Match User`, it holds for kctl's login alone.",
  },
  "ssh-output-too-long": {
    cause: "Something on the host printed without end where a short answer was expected.",
    fix: "Run again with `--verbose`, and report it.",
  },
} as const;
