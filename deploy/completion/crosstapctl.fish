# fish completion for crosstapctl.  Made by tests/deploy/pages.py --write.
complete -c crosstapctl -f
complete -c crosstapctl -s s -r -F -d 'control socket'
complete -c crosstapctl -l json -d 'answers as they are'
complete -c crosstapctl -n __fish_use_subcommand -a status -d 'the sensor: interfaces, outputs, edge, evidence, open incidents'
complete -c crosstapctl -n __fish_use_subcommand -a stats -d 'every counter (--verbose: what to do when it moves)'
complete -c crosstapctl -n __fish_use_subcommand -a tables -d 'what is remembered, and how full it is'
complete -c crosstapctl -n __fish_use_subcommand -a incidents -d 'open incidents (--all: closed ones too)'
complete -c crosstapctl -n __fish_use_subcommand -a why -d 'one incident: facts, packets, host events, what was asked'
complete -c crosstapctl -n __fish_use_subcommand -a bindings -d 'which address belongs to which station'
complete -c crosstapctl -n __fish_use_subcommand -a vantage -d 'how much of each segment is seen'
complete -c crosstapctl -n __fish_use_subcommand -a authority -d 'what is declared, and who serves'
complete -c crosstapctl -n __fish_use_subcommand -a learned -d 'what could be declared, as YAML to approve'
complete -c crosstapctl -n __fish_use_subcommand -a senders -d 'who sends host events, and how well'
complete -c crosstapctl -n __fish_use_subcommand -a clocks -d 'how wrong the hosts\' clocks are'
complete -c crosstapctl -n __fish_use_subcommand -a mutes -d 'what is muted, and until when'
complete -c crosstapctl -n __fish_use_subcommand -a mute -d 'holds incidents back for a while'
complete -c crosstapctl -n __fish_use_subcommand -a reload -d 'what SIGHUP does'
complete -c crosstapctl -n __fish_use_subcommand -a top -d 'a live screen; q ends it'
complete -c crosstapctl -n '__fish_seen_subcommand_from why' -a "(crosstapctl --json incidents 2>/dev/null | grep -oE '\"id\":\"[0-9a-f]{16}\"' | cut -d'\"' -f4)"
complete -c crosstapctl -n '__fish_seen_subcommand_from mute' -l for -x
complete -c crosstapctl -n '__fish_seen_subcommand_from mute' -l until -x
complete -c crosstapctl -n '__fish_seen_subcommand_from mute' -l reason -x
complete -c crosstapctl -n '__fish_seen_subcommand_from mute' -l detection -x
complete -c crosstapctl -n '__fish_seen_subcommand_from mute' -l actor -x
complete -c crosstapctl -n '__fish_seen_subcommand_from mute' -l segment -x
complete -c crosstapctl -n '__fish_seen_subcommand_from mute' -l verdict -x -a 'suspected probable confirmed'
complete -c crosstapctl -n '__fish_seen_subcommand_from stats' -l verbose
complete -c crosstapctl -n '__fish_seen_subcommand_from incidents' -l all
