# bash completion for crosstapctl.  Made by tests/deploy/pages.py --write.
_crosstapctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	case $prev in
	-s) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	why) mapfile -t COMPREPLY < <(compgen -W "$(crosstapctl --json incidents 2>/dev/null | grep -oE '"id":"[0-9a-f]{16}"' | cut -d'"' -f4)" -- "$cur"); return ;;
	--verdict) mapfile -t COMPREPLY < <(compgen -W "suspected probable confirmed" -- "$cur"); return ;;
	esac
	case " ${COMP_WORDS[*]} " in
	*" mute "*) mapfile -t COMPREPLY < <(compgen -W "--for --until --reason --detection --actor --segment --verdict" -- "$cur"); return ;;
	*" stats "*) mapfile -t COMPREPLY < <(compgen -W "--verbose" -- "$cur"); return ;;
	*" incidents "*) mapfile -t COMPREPLY < <(compgen -W "--all" -- "$cur"); return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "status stats tables incidents why bindings vantage authority learned senders clocks mutes mute reload top --json --help --version -s" -- "$cur")
}
complete -F _crosstapctl crosstapctl
