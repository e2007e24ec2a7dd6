/**
 * A host lets others have an archive that it was sent: systemd hands each connection to a shell that answers one HTTP request.
 * No program beside systemd and the shell is needed; it ends by itself, also where kctl was killed.
 */
import type { Software } from "../../services/desired.ts";
import { nothing, type Operation } from "./operation.ts";
import { quoted } from "./quote.ts";
import type { Relay } from "./relay.ts";
import { incomingFolder } from "./unpack-software.ts";

export type SharedArchive = {
  readonly cluster: string;
  readonly sha512: string;
  readonly bytes: number;
};

export type SharedAt = {
  /** Of this host, as the others know it. */
  readonly address: string;
  /** Those that the others must be able to reach anyway; the first that is free is taken, of a server that does not run. */
  readonly ports: readonly { readonly unit: string; readonly port: number }[];
  /** The others' addresses: nobody else is served, where the kernel can tell. */
  readonly peers: readonly string[];
};

export type Sharing = {
  readonly relayOf: (sha512: string) => Relay;
  /** null: it has no port to share that software on. */
  readonly at: (software: Software | "java") => SharedAt | null;
};

/** What is left of one whose kctl was killed is gone after that. */
const minutes = 15;

const keyOf = ({ sha512 }: Pick<SharedArchive, "sha512">): string => sha512.slice(0, 32);
const stemOf = ({ cluster, sha512 }: SharedArchive): string => `kctl-${cluster}-share-${sha512.slice(0, 8)}`;

/** While it still arrives: once it is unpacked, it stays beside. */
export function keepArchive({ sha512 }: SharedArchive): Operation {
  const key = keyOf({ sha512 });
  return {
    doing: "keep an archive for other hosts",
    lines: `enter /opt kctl .incoming && : >./${key}.keep`,
    read: nothing,
  };
}

const answer = String.raw`#!/bin/sh
# Answers one request: all of the archive, or a range of its bytes.
cr=$(printf '\r') from=0 to=$((size - 1)) status='200 OK'
while IFS= read -r line; do
  line=\${line%"$cr"}
  [ -n "$line" ] || break
  case $line in [Rr]ange:*bytes=*-*)
    range=\${line#*=}; from=\${range%%-*}; to=\${range#*-}; to=\${to:-$((size - 1))}; status='206 Partial Content' ;;
  esac
done
case $from in '' | *[!0-9]*) exit 1 ;; esac
case $to in '' | *[!0-9]*) exit 1 ;; esac
[ "$to" -lt "$size" ] || to=$((size - 1))
printf 'HTTP/1.1 %s\r\nContent-Length: %s\r\nContent-Range: bytes %s-%s/%s\r\nConnection: close\r\n\r\n' "$status" $((to - from + 1)) "$from" "$to" "$size"
tail -c +$((from + 1)) "$archive" | head -c $((to - from + 1))
`.replaceAll("\\$", "$");

function unitsOf(shared: SharedArchive, { peers }: SharedAt): readonly string[] {
  const stem = stemOf(shared);
  const archive = `${incomingFolder}/${keyOf(shared)}.shared`;
  const socket = [
    "[Socket]",
    "ListenStream=$port",
    "Accept=yes",
    "MaxConnections=64",
    "IPAddressDeny=any",
    `IPAddressAllow=localhost ${peers.join(" ")}`,
  ];
  const service = [
    "[Service]",
    `ExecStart=/bin/sh /run/${stem}.sh`,
    `Environment=archive=${archive} size=${shared.bytes}`,
    "StandardInput=socket",
    "StandardError=journal",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateDevices=yes",
    "PrivateNetwork=yes",
    "Slice=system.slice",
    "RestrictAddressFamilies=AF_UNIX",
    `RuntimeMaxSec=${minutes * 60}`,
  ];
  return [
    `cat >/run/${stem}.sh <<'end of file'\n${answer}end of file`,
    `cat >/run/systemd/system/${stem}@.service <<'end of file'\n${service.join("\n")}\nend of file`,
    // Its port is put in by the shell.
    `socket() { cat >/run/systemd/system/${stem}.socket <<end\n${socket.join("\n")}\nend\n}`,
  ];
}

/** The archive was kept. @returns the address to fetch it from */
export function beginSharing(shared: SharedArchive, at: SharedAt): Operation<string> {
  const stem = stemOf(shared);
  const end = endingLines(stem, keyOf(shared)).join("; ");
  return {
    doing: "let other hosts fetch an archive",
    lines: [
      `[ -f ${incomingFolder}/${keyOf(shared)}.shared ] || exit 1`,
      "umask 022",
      ...unitsOf(shared, at),
      `for each in ${at.ports.map(({ unit, port }) => `${unit}:${port}`).join(" ")}; do`,
      "  port=${each##*:}",
      // One that runs may come to need a port that it does not hold now: ZooKeeper's followers do, once they lead.
      "  case $(systemctl is-active ${each%:*}) in active | *ing) continue ;; esac",
      "  socket && systemctl daemon-reload || exit 1",
      `  systemctl start ${stem}.socket 2>/dev/null || continue`,
      `  systemd-run --quiet --collect --on-active=${minutes}min --unit=${stem}-end /bin/sh -c ${quoted(end)} || exit 1`,
      `  echo "http://${at.address}:$port/"; exit 0`,
      "done",
      ...endingLines(stem, keyOf(shared)),
      "exit 1",
    ].join("\n"),
    read: (stdout) => stdout.trim(),
  };
}

export function endSharing(shared: SharedArchive): Operation {
  const stem = stemOf(shared);
  return {
    doing: "let nobody fetch an archive any more",
    lines: [`systemctl stop ${stem}-end.timer 2>/dev/null`, ...endingLines(stem, keyOf(shared))].join("\n"),
    read: nothing,
  };
}

function endingLines(stem: string, key: string): readonly string[] {
  return [
    `systemctl stop ${stem}.socket '${stem}@*.service' 2>/dev/null`,
    `systemctl reset-failed '${stem}@*.service' 2>/dev/null`,
    `rm -f /run/${stem}.sh /run/systemd/system/${stem}.socket /run/systemd/system/${stem}@.service ${incomingFolder}/${key}.shared`,
    "systemctl daemon-reload",
  ];
}

/** All that a cluster shares, as the shell finds it: no other cluster's name makes such names. */
export function sharesOf(cluster: string): string {
  return `${quoted(`kctl-${cluster}-share-`)}${"[0-9a-f]".repeat(8)}`;
}

/** Of all that a cluster ever shared: where kctl was killed meanwhile. */
export function endAllSharing(cluster: string): Operation {
  const stem = sharesOf(cluster);
  return {
    doing: "let nobody fetch archives any more",
    lines: [
      `set -- /run/systemd/system/${stem}.socket`,
      '[ -e "$1" ] || exit 0',
      'for each do name=${each##*/}; systemctl stop "${name%.socket}-end.timer" "$name" 2>/dev/null; done',
      `rm -f /run/${stem}.sh /run/systemd/system/${stem}.socket /run/systemd/system/${stem}@.service`,
      "systemctl daemon-reload",
    ].join("\n"),
    read: nothing,
  };
}
