# bash completion for yamlgrad

# The paths of keys, for --set: "train.optimizer.lr=". Those with names of the user's in them are left out.
_yamlgrad_keys() {
    yamlgrad keys 2>/dev/null | awk '
        /^[a-z]/ {
            path = $1
            sub(/:$/, "", path)
            sub(/^data\.part$/, "data.train", path)
            sub(/^data\.split$/, "data.validation", path)
        }
        /^  [a-z]/ && $1 != "key" && path !~ /[A-Z]/ { print path "." $1 "=" }' | sort -u
}

_yamlgrad() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local commands="new data train eval cv report runs predict grad explain check show profile expand ops layers schedules keys help"
    local command=${COMP_WORDS[1]:-} options="--help"
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$current")
        return
    fi
    case $previous in
    --set)
        mapfile -t COMPREPLY < <(compgen -W "$(_yamlgrad_keys)" -- "$current")
        compopt -o nospace
        return
        ;;
    --dtype)
        mapfile -t COMPREPLY < <(compgen -W "f32 f64" -- "$current")
        return
        ;;
    --part)
        mapfile -t COMPREPLY < <(compgen -W "train validation test" -- "$current")
        return
        ;;
    --task)
        mapfile -t COMPREPLY < <(compgen -W "classification regression" -- "$current")
        return
        ;;
    --data | -d)
        mapfile -t COMPREPLY < <(compgen -W "train validation test" -f -- "$current")
        return
        ;;
    esac
    case $command in
    new) options+=" --target --task --table --query --exclude --output --force" ;;
    data) options+=" --examples --html --pictures --set --data --plugin --json" ;;
    train) options+=" --out --epochs --steps --batch-size --lr --seed --resume --weights --dtype --threads --set --data --plugin --json --no-report --quiet" ;;
    eval) options+=" --weights --data --batch-size --dtype --threads --set --plugin --json" ;;
    cv) options+=" --folds --gap --out --epochs --seed --dtype --threads --set --data --plugin --json --quiet" ;;
    report) options+=" --out" ;;
    runs) options+=" --sort --reverse --html --json" ;;
    predict) options+=" --weights --output --keep --delimiter --batch-size --dtype --threads --set --plugin" ;;
    grad) options+=" --weights --seed --training --dtype --threads --set --data --plugin" ;;
    explain) options+=" --example --part --html --weights --seed --elements --set --data --plugin --json" ;;
    check) options+=" --weights --seed --training --elements --threads --set --data --plugin --json" ;;
    show) options+=" --batch --dim --all --graph --layer --gradients --plan --pass --passes --without --dtype --set --plugin --json" ;;
    profile) options+=" --batch --dim --seconds --instructions --without --dtype --threads --set --plugin --json" ;;
    expand) options+=" --set --plugin" ;;
    ops) options+=" --plugin --markdown --json" ;;
    layers) options+=" --markdown --json" ;;
    schedules) options+=" --json" ;;
    keys) options+=" --markdown --json --schema" ;;
    help)
        mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
        return
        ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    elif [[ $command == keys ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(yamlgrad keys --json 2>/dev/null |
            grep -o '"path": "[A-Za-z._]*"' | cut -d '"' -f 4)" -- "$current")
    elif [[ $command == @(ops|layers|schedules) ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(yamlgrad "$command" --json 2>/dev/null |
            grep -o '"name": "[a-z0-9_]*"' | cut -d '"' -f 4)" -- "$current")
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}
complete -F _yamlgrad yamlgrad
