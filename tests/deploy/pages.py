#!/usr/bin/env python3
"""Manual pages, completions and the sample configuration: made of the tables, whole, and good roff, shell and YAML.

usage: pages.py CROSSTAP [--write]     --write puts what the program makes into deploy/ (after a change of a table)
What must appear is read from elsewhere than the pages: --help, --list-*, the option table's source, the engine's counters."""
import os, re, shutil, subprocess, sys, tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BIN = os.path.abspath(sys.argv[1])
PLACES = {"crosstap.8": "man", "crosstap.yaml.5": "man", "crosstap-detections.7": "man", "crosstap-fields.7": "man",
          "crosstap.yaml.sample": "", "crosstap.bash": "completion", "_crosstap": "completion", "crosstap.fish": "completion"}
CTL_PLACES = {"crosstapctl.1": "man", "crosstapctl.bash": "completion", "_crosstapctl": "completion",
              "crosstapctl.fish": "completion"}
passed = failed = skipped = 0


def say(ok, what, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print("FAILED %s %s" % (what, detail))


def skip(what, why):
    global skipped
    skipped += 1
    print("skipped, %s: %s" % (why, what))


def out(*args):
    return subprocess.run([BIN, *args], capture_output=True, text=True, timeout=60).stdout


def place(name):
    return os.path.join(ROOT, "deploy", {**PLACES, **CTL_PLACES}[name], name)


def plain(roff):
    return roff.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")


def tags(page):
    return set(re.findall(r"(?m)^\.B (.*)$", plain(page)))


def source(name):
    return open(os.path.join(ROOT, name)).read()


def ctl_help():
    """what crosstapctl --help prints of its table"""
    ctl = os.path.join(os.path.dirname(BIN), "crosstapctl")
    return subprocess.run([ctl, "--help"], capture_output=True, text=True, timeout=60).stdout


def ctl_words():
    """its commands with their help, and the options behind `mute` with the words that each takes"""
    text = ctl_help()
    commands = re.findall(r"(?m)^    ([a-z]+) +(\S.*)$", text)
    mute = text[text.index("crosstapctl mute"):text.index("-s SOCKET   ")]
    own = [(c, o) for c, h in commands for o in re.findall(r"\((--[a-z]+):", h)]
    return commands, re.findall(r"(--[a-z]+) ([a-z|]+|[A-Z0-9]+)", mute), own


IDS = "crosstapctl --json incidents 2>/dev/null | grep -oE '\"id\":\"[0-9a-f]{16}\"' | cut -d'\"' -f4"


def ctl_bash():
    commands, mute, own = ctl_words()
    cases = "".join('\t%s) mapfile -t COMPREPLY < <(compgen -W "%s" -- "$cur"); return ;;\n' % (o, w.replace("|", " "))
                    for o, w in mute if "|" in w)
    return ("# bash completion for crosstapctl.  Made by tests/deploy/pages.py --write.\n_crosstapctl() {\n"
            "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n\tcase $prev in\n"
            '\t-s) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;\n'
            '\twhy) mapfile -t COMPREPLY < <(compgen -W "$(' + IDS + ')" -- "$cur"); return ;;\n' + cases +
            '\tesac\n\tcase " ${COMP_WORDS[*]} " in\n'
            '\t*" mute "*) mapfile -t COMPREPLY < <(compgen -W "%s" -- "$cur"); return ;;\n' % " ".join(o for o, _ in mute) +
            "".join('\t*" %s "*) mapfile -t COMPREPLY < <(compgen -W "%s" -- "$cur"); return ;;\n' % co for co in own) +
            '\tesac\n\tmapfile -t COMPREPLY < <(compgen -W "%s --json --help --version -s" -- "$cur")\n}\n'
            % " ".join(c for c, _ in commands) + "complete -F _crosstapctl crosstapctl\n")


def ctl_zsh():
    commands, mute, own = ctl_words()
    plain_text = lambda t: t.replace("'", "'\\''").replace(":", "\\:")
    return ("#compdef crosstapctl\n# Made by tests/deploy/pages.py --write.\nlocal -a commands\ncommands=(\n" +
            "".join("\t'%s:%s'\n" % (c, plain_text(h)) for c, h in commands) + ")\n"
            "case $words[2] in\nwhy) compadd -- ${(f)\"$(" + IDS + ")\"}; return ;;\nmute) _arguments -s" +
            "".join(" \\\n\t'%s:%s:%s'" % (o, o[2:], "(%s)" % w.replace("|", " ") if "|" in w else "") for o, w in mute) +
            "; return ;;\n" + "".join("%s) _arguments '%s'; return ;;\n" % co for co in own) + "esac\n_arguments -s '-s[control socket]:socket:_files' '--json[answers as they are]' "
            "'--help' '--version' ':command:{_describe command commands}'\n")


def ctl_fish():
    commands, mute, own = ctl_words()
    return ("# fish completion for crosstapctl.  Made by tests/deploy/pages.py --write.\ncomplete -c crosstapctl -f\n"
            "complete -c crosstapctl -s s -r -F -d 'control socket'\ncomplete -c crosstapctl -l json -d 'answers as they are'\n" +
            "".join("complete -c crosstapctl -n __fish_use_subcommand -a %s -d '%s'\n" % (c, h.replace("'", "\\'"))
                    for c, h in commands) +
            "complete -c crosstapctl -n '__fish_seen_subcommand_from why' -a \"(" + IDS.replace('"', '\\"') + ")\"\n" +
            "".join("complete -c crosstapctl -n '__fish_seen_subcommand_from mute' -l %s -x%s\n"
                    % (o[2:], " -a '%s'" % w.replace("|", " ") if "|" in w else "") for o, w in mute) +
            "".join("complete -c crosstapctl -n '__fish_seen_subcommand_from %s' -l %s\n" % (c, o[2:]) for c, o in own))


def ctl_page():
    """crosstapctl(1)"""
    text = ctl_help()
    roff = lambda t: t.replace("\\", "\\e").replace("-", "\\-")
    rows = lambda pattern: "".join(".TP\n.B %s\n%s.\n" % (roff(a), roff(b)) for a, b in re.findall(pattern, text))
    usage = re.findall(r"(?m)^  (?:  )?(?=crosstapctl |    +\[)(.*)$", text)
    return (".\\\" Made by tests/deploy/pages.py --write from `crosstapctl --help`.\n"
            '.TH CROSSTAPCTL 1 "" "crosstap" "User Commands"\n.SH NAME\ncrosstapctl \\- asks a running crosstap\n'
            ".SH SYNOPSIS\n.nf\n" + "".join(roff(u.rstrip()) + "\n" for u in usage) + ".fi\n.SH DESCRIPTION\n"
            "Asks the sensor over its control socket; whoever may write to the socket may ask, mute and reload.\n"
            ".SH COMMANDS\n" + rows(r"(?m)^    (\w+) +(\S.*)$") + ".SH OPTIONS\n" +
            rows(r"(?m)^    (-s SOCKET|--json) +(\S.*)$") + ".SH EXIT STATUS\n" +
            roff(re.search(r"Exit status: (.*)", text).group(1)) + "\n.SH SEE ALSO\n.BR crosstap (8)\n", text)


MADE_OF_CTL = {"crosstapctl.1": lambda: ctl_page()[0], "crosstapctl.bash": ctl_bash, "_crosstapctl": ctl_zsh,
               "crosstapctl.fish": ctl_fish}


def table_keys():
    """paths of all keys, from the rows of conf_schema.c"""
    text = source("sensor/conf_schema.c")
    tables = {}
    for name, body in re.findall(r"static const struct conf_node (\w+)\[\] = \{\n(.*?)\n\};", text, re.S):
        rows = re.split(r'(?m)^\t\{ "', body)[1:]
        tables[name] = [(r.split('"')[0], re.search(r"SUB\((\w+)\)", r), "SERVERS(" in r, "K_LIST" in r) for r in rows]

    def walk(table, prefix):
        for key, sub, servers, is_list in tables[table]:
            path = prefix + key + ("[]" if servers or is_list else "")
            yield path
            if servers or sub:
                yield from walk("server" if servers else sub.group(1), path + ".")
    return set(walk("top", ""))


def whole():
    page = out("--document", "crosstap.8")
    names = tags(page)
    for letter, long in re.findall(r"(?m)^  (-\w)?(?:, )?(--[\w-]+)?", out("--help")):
        for option in (letter, long):
            if not option:
                continue
            say(any(re.match(r"(-\w, )?" + option + r"([ \[,]|$)", t) for t in names), "%s stands in crosstap(8)" % option)
            say(re.search(r"[ |\t]%s[ |)]" % option, out("--document", "crosstap.bash")), "bash completes %s" % option)
            say(re.search(r"'\*%s[=\[-]" % option, out("--document", "_crosstap")), "zsh completes %s" % option)
            fish = ("-l %s " % option[2:]) if option.startswith("--") else ("-s %s " % option[1:])
            say(fish in out("--document", "crosstap.fish"), "fish completes %s" % option)
    counters = re.findall(r'count_table\(c, n, max, "(\w+)"', source("correlate/engine.c"))
    say(len(counters) > 8 and set(counters) <= names, "every counter stands in crosstap(8)", set(counters) - names)
    live = re.findall(r'(?m)^\t\{ \{ "(\w+)", "\w+", METRIC_', source("sensor/metrics.c"))
    say(len(live) > 20 and set(live) <= names, "every live counter stands in crosstap(8)", set(live) - names)
    keys = table_keys()
    say(len(keys) > 100 and keys == tags(out("--document", "crosstap.yaml.5")), "crosstap.yaml(5) holds every key of the table",
        keys ^ tags(out("--document", "crosstap.yaml.5")))
    fields = set(re.findall(r"(?m)^(\S+\.\S+) +\S", out("--list-fields")))
    say(len(fields) > 300 and fields == tags(out("--document", "crosstap-fields.7")), "crosstap-fields(7) holds every field")
    page = tags(out("--document", "crosstap-detections.7"))
    listed = re.findall(r"(?m)^  (\S+)", out("--list-detectors"))
    say(len(listed) > 60 and set(listed) <= page, "every detection and fact stands in crosstap-detections(7)", set(listed) - page)
    joins = out("--list-events").split("Joins:")[1].splitlines()[2:]
    rows = {l.split()[0] + ", " + l.split()[1] for l in joins if l.strip()}
    say(len(rows) > 40 and rows <= page, "every event stands in crosstap-detections(7)", rows - page)


def good():
    page, text = ctl_page()
    commands = re.findall(r"(?m)^    ([a-z]+) +\S", text)
    say(len(commands) > 10 and set(commands) <= tags(page) and {"-s SOCKET", "--json"} <= tags(page),
        "every command and option stands in crosstapctl(1)", set(commands) - tags(page))
    for name in [*PLACES, *CTL_PLACES]:
        made = MADE_OF_CTL[name]() if name in MADE_OF_CTL else out("--document", name)
        say(made and os.path.exists(place(name)) and made == open(place(name)).read(),
            "%s is what the program makes: run pages.py CROSSTAP --write" % place(name))
        if re.search(r"\.[1578]$", name) is None:
            continue
        if shutil.which("man"):
            r = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", place(name)], capture_output=True,
                               text=True, env={**os.environ, "MANROFFSEQ": "", "MANWIDTH": "80"})
            say(r.returncode == 0 and r.stderr == "", "man --warnings %s" % name, r.stderr[:300])
        else:
            skip(name, "no man")
        if shutil.which("mandoc"):
            r = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", place(name)], capture_output=True, text=True)
            left = [l for l in r.stdout.splitlines() if "missing date" not in l]  # a date would be the build's
            say(not left, "mandoc lint %s" % name, left[:3])
        else:
            skip(name, "no mandoc")
    for shell, name in (("bash", "crosstap.bash"), ("zsh", "_crosstap"), ("fish", "crosstap.fish"),
                        ("bash", "crosstapctl.bash"), ("zsh", "_crosstapctl"), ("fish", "crosstapctl.fish")):
        if not shutil.which(shell):
            skip(name, "no " + shell)
            continue
        r = subprocess.run([shell, "-n", place(name)], capture_output=True, text=True)
        say(r.returncode == 0 and not r.stderr, "%s reads %s" % (shell, name), r.stderr)
    for words, want in (("crosstap --fai", "--fail-on"), ("crosstap --fail-on con", "confirmed"),
                        ("crosstap --document crosstap-f", "crosstap-fields.7"), ("crosstap --explain mitm", "mitm6"),
                        ("crosstapctl van", "vantage"), ("crosstapctl mute --verdict prob", "probable"),
                        ("crosstapctl mute --rea", "--reason"), ("crosstapctl incidents --a", "--all")):
        script = '. %s; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _%s; echo "${COMPREPLY[*]}"'
        name = words.split()[0]
        r = subprocess.run(["bash", "-c", script % (place(name + ".bash"), words, name)], capture_output=True, text=True,
                           env={**os.environ, "PATH": os.path.dirname(BIN) + ":" + os.environ["PATH"]})
        say(r.stdout.split() == [want], "bash completes `%s`" % words, r.stdout + r.stderr)
    if shutil.which("fish"):
        r = subprocess.run(["fish", "-c", "source %s; complete -C 'crosstap --fail-on con'" % place("crosstap.fish")],
                           capture_output=True, text=True, env={**os.environ, "HOME": tempfile.gettempdir()})
        say(r.stdout.split()[:1] == ["confirmed"], "fish completes --fail-on", r.stdout + r.stderr)
    r = subprocess.run([BIN, "--document", "nothing"], capture_output=True, text=True)
    say(r.returncode == 2 and all(n in r.stderr for n in PLACES), "an unknown document names the known ones", r.stderr)


def sample():
    text = open(place("crosstap.yaml.sample")).read()
    keys = {k.split(".")[-1].rstrip("[]") for k in table_keys()}
    say(keys == set(re.findall(r"(?m)^#[ -]*(\w+):", text)), "the sample holds every key")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "c.yaml")
        for name, wanted in (("as it is", ()), ("limits and capture set to their defaults", ("limits", "capture", "state", "syslog"))):
            lines, on = [], False
            for l in text.splitlines():
                if re.match(r"#\w", l):
                    on = l[1:].split(":")[0] in wanted
                lines.append(l[1:] if on and re.match(r"# *[\w#]", l) and not l.startswith("##") else l)
            with open(path, "w") as f:
                f.write("\n".join(lines).replace('snapshot: ""', "snapshot: /var/lib/crosstap/state"))
            r = subprocess.run([BIN, "-T", "-c", path], capture_output=True, text=True)
            say(r.returncode == 0 and ": good" in r.stdout, "the sample, %s, is good" % name, r.stderr)
        for key in ("hosts", "events", "datagrams", "snaplen", "buffer_mib"):
            default = re.search(r"(?m)^#  %s: (\S+)$" % key, text)
            say(default and re.search(r"(?m)^  %s: %s$" % (key, default.group(1)), out("--dump-config")),
                "the default of %s is what holds without it" % key)


if "--write" in sys.argv:
    for name in PLACES:
        os.makedirs(os.path.dirname(place(name)), exist_ok=True)
        with open(place(name), "w") as f:
            f.write(out("--document", name))
    for name, make in MADE_OF_CTL.items():
        with open(place(name), "w") as f:
            f.write(make())
whole()
good()
sample()
print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
sys.exit(failed > 0)
