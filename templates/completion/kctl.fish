# kctl's completion for fish.
#   In this shell:    kctl completion fish | source
#   In every shell:   kctl completion fish > ~/.config/fish/completions/kctl.fish
# It asks kctl at each TAB what can come next, and so knows what that kctl knows.

function __kctl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~(?=/)' -- $HOME $words[1])
    set -e words[1]
    set -l found ($program __complete -- $words "$current" 2> /dev/null)
    set -l kind $found[1]
    set -e found[1]
    set -l option (string match -r -- '^--[^=]+=' "$current")
    set -l value (string replace -r -- '^--[^=]+=' '' "$current")
    switch "$kind"
        case files
            set found (__fish_complete_path $value)
        case folders
            set found (__fish_complete_directories $value)
        case '*'
            set option
    end
    for word in $found
        printf '%s%s\n' "$option" $word
    end
end

complete -c kctl -f -a '(__kctl_complete)'
