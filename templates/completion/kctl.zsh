#compdef kctl
# kctl's completion for zsh.
#   In this shell:    autoload -U compinit && compinit; source <(kctl completion zsh)
#   In every shell:   put `source <(kctl completion zsh)` into ~/.zshrc, after compinit
#   Without a start:  kctl completion zsh > ~/.zfunc/_kctl, with `fpath=(~/.zfunc $fpath)` before compinit in ~/.zshrc
# It asks kctl at each TAB what can come next, and so knows what that kctl knows.

_kctl() {
  local kind="" word about
  local -a found
  while IFS=$'\t' read -r word about; do
    if [[ -z $kind ]]; then
      kind=$word
    else
      found+=("${word//:/\\:}${about:+:$about}")
    fi
  done < <("${words[1]/#\~/$HOME}" __complete -- "${(@Q)words[2,CURRENT]}" 2> /dev/null)
  case $kind in
    files | folders)
      [[ $PREFIX == --*=* ]] && compset -P 1 '*='
      if [[ $kind == files ]]; then _files; else _files -/; fi
      ;;
    words) _describe -V kctl found ;;
  esac
}

# As a file of fpath it is the function itself; sourced, it is made known.
if [[ ${funcstack[1]} == _kctl ]]; then _kctl "$@"; else compdef _kctl kctl; fi
