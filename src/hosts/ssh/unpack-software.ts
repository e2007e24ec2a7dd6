/** The part of a script that makes a folder of software of an archive: checked first, unpacked aside, renamed into place. */
import { posix } from "node:path";
import { quoted } from "./quote.ts";

export type SoftwareArchive = {
  /** `/opt/kctl/NAME-VERSION`; holds `.kctl` with the digest once it is whole. */
  readonly folder: string;
  readonly sha512: string;
  /** The archive's size. */
  readonly bytes: number;
  /** How many folders of the archive's paths are left out. */
  readonly stripComponents: number;
};

/** What is on its way: only root may enter. */
export const incomingFolder = "/opt/kctl/.incoming";

/** In that folder. `whole` software stays as it is, whatever archive it came from. */
const functions = String.raw`
enter_making /opt kctl .incoming && chmod 0700 . || exit 1
target=../$name part=$key.part
whole() { [ -d "$target" ] && [ ! -L "$target" ] && grep -qx '[0-9a-f]\{128\}' "$target/.kctl" 2>/dev/null; }
free() { set -- $(stat -f -c '%a %S' .); echo $(($1 * ($2 / 512) / 2)); }
size() { if [ -f "$part" ]; then set -- $(wc -c <"$part"); echo "$1"; else echo 0; fi; }
no_room() { rm -rf "$aside" "$part"; refuse space /opt/kctl "$need" "$(free)"; }
full() { case $1 in *'No space left'* | *'quota exceeded'*) return 0 ;; esac; return 1; }
sweep() {
  for each in ./*.*; do
    pid=\${each##*.}
    case $pid in *[!0-9]*) continue ;; esac
    [ -d "/proc/$pid" ] || rm -rf "$each"
  done
}
unpack_part() {
  set -- $(sha512sum <"$part")
  [ "$1" = "$sha" ] || { rm -f "$part"; return 1; }
  aside=$name.$$
  rm -rf "$aside" && mkdir "$aside" || exit 1
  said=$(umask 022; { tar -xzof "$part" -C "$aside" --strip-components="$strip" && chown -R -h 0:0 "$aside" &&
    chmod -R u=rwX,go=rX "$aside" && printf '%s\n' "$sha" >"$aside/.kctl" &&
    { sync -f "$aside" 2>/dev/null || sync; }; } 2>&1) || {
    ! full "$said" || no_room
    echo "$said" >&2; rm -rf "$aside"; exit 1
  }
  if there "$target" && ! whole; then
    [ -d "$target" ] && [ ! -L "$target" ] || { rm -rf "$aside"; refuse way "$folder" "$(kind "$target")" 'a folder'; }
    mv "$target" "$name.former.$$"
  fi
  # Into place in one step: another cluster's kctl may do the same at the same time, and then its folder is as good.
  whole || mv -T "$aside" "$target" 2>/dev/null || { [ ! -e "$target" ] && mv "$aside" "$target"; }
  whole || { rm -rf "$aside"; echo "$folder could not be put in place" >&2; exit 1; }
  # Other hosts are to have it from here.
  if [ -e "$key.keep" ]; then mv -f "$part" "$key.shared" && rm -f "$key.keep"; fi
  rm -rf "$part" "$aside" "$name.former.$$"
}
`
  .trim()
  .replaceAll("\\$", "$");

/** Two kctl that send the same archive write the same bytes to the same part, each at its place. */
export function unpackingLines({ folder, sha512, bytes, stripComponents }: SoftwareArchive): string {
  return [
    `folder=${quoted(folder)} name=${quoted(posix.basename(folder))} sha=${sha512} key=${sha512.slice(0, 32)}`,
    // The archive, and what it unpacks to: that much at least.
    `bytes=${bytes} strip=${stripComponents} need=${Math.ceil((2 * bytes) / 1024)} aside=`,
    functions,
    '! whole || { rm -f "$part"; echo there; exit 0; }',
    "sweep",
  ].join("\n");
}
