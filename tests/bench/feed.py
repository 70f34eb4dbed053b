#!/usr/bin/env python3
"""What host events cost: CPU of the whole program for each kind of line, beside `wc -l`, which is little more than memchr.

usage: feed.py CROSSTAP [EVENTS]      EVENTS: lines of each kind, default 200000

Irrelevant events are Winlogbeat's of a provider that nobody asks for; relevant ones are written out (`--host-events`), to
nowhere.  The ratio is what counts; events a second and core are of this machine."""
import json, os, resource, subprocess, sys, tempfile

def winlogbeat(provider, event, data):
    text = "The settings of this computer were processed without an error. " * 4
    return json.dumps({"@timestamp": "2026-05-04T08:01:02.345Z", "message": text, "event": {"code": str(event), "kind": "event", "provider": provider},
                       "host": {"name": "pc1"}, "agent": {"type": "winlogbeat", "version": "8.15.3", "name": "PC1"},
                       "winlog": {"provider_name": provider, "event_id": str(event), "record_id": 501, "channel": "System", "api": "wineventlog",
                                  "computer_name": "PC1.example.net", "user": {"identifier": "S-1-5-18"}, "event_data": data}}) + "\n"

KINDS = (
    ("irrelevant Winlogbeat", winlogbeat("Microsoft-Windows-GroupPolicy", 1500, {"Text": "processed " * 40})),
    ("relevant Winlogbeat", winlogbeat("Microsoft-Windows-Iphlpsvc", 4100, {"IsatapRouter": "192.0.2.9", "ErrorCode": "0"})),
    ("relevant Event XML", "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Iphlpsvc'/>"
     "<EventID>4100</EventID><TimeCreated SystemTime='2026-05-04T08:01:02.3456789Z'/><EventRecordID>501</EventRecordID><Channel>System</Channel>"
     "<Computer>PC1.example.net</Computer></System><EventData><Data Name='IsatapRouter'>192.0.2.9</Data><Data Name='ErrorCode'>0</Data></EventData></Event>\n"),
)

def cpu(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    count = int(sys.argv[2]) if len(sys.argv) == 3 else 200000
    print("%-24s %8s %12s %10s %8s %14s" % ("lines", "bytes", "wc -l ns", "ours ns", "ratio", "events/s/core"))
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "events")
        for name, line in KINDS:
            with open(path, "w") as f:
                for _ in range(count):
                    f.write(line)
            loop = min(cpu(["wc", "-l", path]) for _ in range(3))
            ours = min(cpu([sys.argv[1], "-q", "-e", path, "--host-events"]) for _ in range(3))
            print("%-24s %8d %12.0f %10.0f %8.1f %14.0f" % (name, len(line), loop / count * 1e9, ours / count * 1e9, ours / loop, count / ours))
    return 0

if __name__ == "__main__":
    sys.exit(main())
