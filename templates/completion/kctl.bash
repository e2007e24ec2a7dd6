# kctl's completion for bash (3.2 and later; the package bash-completion is not needed).
#   In this shell:    source <(kctl completion bash)
#   In every shell:   put that line into ~/.bashrc
#   With the package: kctl completion bash > ~/.local/share/bash-completion/completions/kctl
#   bash 3.2 (macOS): source /dev/stdin <<< "$(kctl completion bash)"
# It asks kctl at each TAB what can come next, and so knows what that kctl knows.

_kctl() {
  local current=${COMP_WORDS[COMP_CWORD]} kind="" word about
  COMPREPLY=()
  [[ $current == "=" ]] && current=""
  while IFS=$'\t' read -r word about; do
    if [[ -z $kind ]]; then
      kind=$word
    elif [[ $word == "$current"* ]]; then
      COMPREPLY+=("$word")
    fi
  done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
  case $kind in
    files) compopt -o default 2> /dev/null || while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current") ;;
    folders) compopt -o dirnames 2> /dev/null || while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -d -- "$current") ;;
  esac
}

complete -F _kctl kctl
