# bash completion for crosstap.  Made by `crosstap --document crosstap.bash`.
_crosstap() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	case $prev in
	-r|-e|--state|-c)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	-l)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	-i)
		mapfile -t COMPREPLY < <(compgen -W "$(cd /sys/class/net && echo *)" -- "$cur"); return ;;
	--fail-on)
		mapfile -t COMPREPLY < <(compgen -W "info refuted unverifiable host-only suspected probable confirmed" -- "$cur"); return ;;
	--document)
		mapfile -t COMPREPLY < <(compgen -W "crosstap.8 crosstap.yaml.5 crosstap-detections.7 crosstap-fields.7 crosstap.yaml.sample crosstap.bash _crosstap crosstap.fish" -- "$cur"); return ;;
	--explain)
		mapfile -t COMPREPLY < <(compgen -W "$(crosstap --list-detectors | awk '/^  / { print $1 }')" -- "$cur"); return ;;
	-F|--for|--set|--test-off|--events-as-given)
		return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "-r --pcap-continuous -e -i -F --state --dissect --host-events --learned --edge --setup --for -c --set -T --dump-config -l -q -v --fail-on -D --list-detectors --list-events --list-fields --dump-schema --explain --document -V --version -h --help --test-off --events-as-given " -- "$cur")
}
complete -F _crosstap crosstap
