#!/usr/bin/env python3
"""Every feed shape gives the same records: three events, written here in each shape, and the samples beside the tree.

usage: shapes.py --bin crosstap [--samples DIR] [--table]

Part one composes the events itself, in the form each forwarder uses, and compares what `--host-events` makes of them with
the values they were made from; what a shape cannot carry is listed in `SHAPES` and must be named in `lost`.  Part two does
the same with ../shared/hostevents/samples (CROSSTAP_SHARED names another place; "skipped, no corpus" without it): each file
against the values that its README gives.  --table prints one line a file.  Last line: `N passed, N failed`.
"""
import argparse, json, os, struct, subprocess, sys, tempfile
from xml.sax.saxutils import escape, quoteattr

COID, SHA1 = "{7D10A5B2-3C4D-4E5F-8A6B-0C1D2E3F4A5B}", "00112233445566778899AABBCCDDEEFF01234567"
SHA256 = "89ABCDEF" * 8
EVENTS = [  # provider, id, record, channel, computer, user, (h, m, s, ns/100), fields, named?, message
    ("Microsoft-Windows-Iphlpsvc", 4100, 501, "System", "PC1.example.net", "S-1-5-18", (8, 1, 2, 3456789),
     [("IsatapRouter", "198.51.100.9"), ("ErrorCode", "0")], True, "ISATAP router address 198.51.100.9 was set with status 0x0."),
    ("Microsoft-Windows-DHCP-Server", 1042, 502, "System", "DS1.example.net", None, (8, 1, 5, 0),
     [("param1", "(198.51.100.9)")], False, 'A "server" was seen, 100% sure [really]:\r\n\r\n(198.51.100.9)'),
    ("Microsoft-Windows-RasSstp", 6, 503, "System", "LT1.example.net", "S-1-5-19", (8, 1, 9, 5000000),
     [("CoId", COID), ("SHA1CertificateHash", SHA1), ("SHA256CertificateHash", SHA256)], True,
     "CoId=%s: security check failure:\r\n\r\nHash one: %s\r\nHash two: %s" % (COID, SHA1, SHA256)),
]
DAY = "2026-05-04"

def utc(e, digits=7):
    h, m, s, f = e[6]
    return "%sT%02d:%02d:%02d%sZ" % (DAY, h, m, s, "." + ("%07d" % f)[:digits] if digits else "")

def local(e, text):
    """two hours east, as text % (h, m, s, fraction)"""
    h, m, s, f = e[6]
    return text % (h + 2, m, s)

def xml(e, apart=""):
    data = "".join("<Data Name='%s'>%s</Data>" % (n, escape(v)) if e[8] else "<Data>%s</Data>" % escape(v) for n, v in e[7])
    user = "<Security UserID='%s'/>" % e[5] if e[5] else "<Security/>"
    return ("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>%s<System><Provider Name='%s'/><EventID>%d</EventID>"
            "<TimeCreated SystemTime='%s'/><EventRecordID>%d</EventRecordID><Channel>%s</Channel><Computer>%s</Computer>%s</System>"
            "<EventData>%s%s</EventData></Event>" % (apart, e[0], e[1], utc(e), e[2], e[3], e[4], user, data, "" if e[8] else "<Binary>00</Binary>"))

def named(e):
    return dict(e[7]) if e[8] else {"param%d" % (i + 1): v for i, (_, v) in enumerate(e[7])}

def lower_first(d):
    return {k[0].lower() + k[1:]: v for k, v in d.items()}

def ndjson(docs):
    return "".join(json.dumps(d) + "\n" for d in docs).encode()

def nxlog(e, v5):
    d = {"EventTime": local(e, DAY + "T%02d:%02d:%02d") + ".%06d+02:00" % (e[6][3] // 10) if v5 else local(e, DAY + " %02d:%02d:%02d"),
         "Hostname": e[4], "Keywords": -9223372036854775808, "EventID": e[1], "SourceName": e[0], "RecordNumber": e[2], "ProcessID": 4,
         "Channel": e[3], "Message": e[9]}
    if e[5]: d["UserID"] = e[5]
    if e[8]: d.update(e[7])
    return d

def kvlist(d):
    return {"kvlistValue": {"values": [{"key": k, "value": v} for k, v in d.items()]}}

def text_value(s):
    return {"stringValue": s}

def otlp(es):
    recs = []
    for e in es:
        body = {"channel": text_value(e[3]), "computer": text_value(e[4]), "event_id": kvlist({"id": {"intValue": str(e[1])}}),
                "message": text_value(e[9]), "provider": kvlist({"name": text_value(e[0])}), "record_id": {"intValue": str(e[2])},
                "system_time": text_value(utc(e))}
        if e[8]: body["event_data"] = kvlist({k: text_value(v) for k, v in e[7]})
        if e[5]: body["security"] = kvlist({"user_id": text_value(e[5])})
        recs.append({"timeUnixNano": "1", "body": kvlist(body)})
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": recs}]}]}, indent=1).encode()

def sd(s):
    return s.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")

def flat(s):
    return " ".join(s.split())

def syslog5424(e):
    params = 'EventID="%d" RecordNumber="%d" Channel="%s"%s' % (e[1], e[2], e[3], ' UserID="%s"' % e[5] if e[5] else "")
    if e[8]: params += "".join(' %s="%s"' % (k, sd(v)) for k, v in e[7])
    return "<14>1 %s %s %s 4 - [NXLOG@14506 %s] %s" % (local(e, DAY + "T%02d:%02d:%02d") + ".%06d+02:00" % (e[6][3] // 10), e[4], e[0], params, flat(e[9]))

def snare(e):
    return "\t".join(["MSWinEventLog", "1", e[3], "77", local(e, "Mon May  4 %02d:%02d:%02d 2026"), str(e[1]), e[0], e[5] or "N/A", "User",
                      "Information", e[4], "None", "", flat(e[9]), "77"])

def splunk_text(e):
    h, m, s, _ = e[6]
    lines = ["05/04/2026 %02d:%02d:%02d AM" % (h + 2, m, s), "LogName=" + e[3], "EventCode=%d" % e[1], "ComputerName=" + e[4]]
    if e[5]: lines.append("Sid=" + e[5])
    return "\n".join(lines + ["SourceName=" + e[0], "RecordNumber=%d" % e[2], "Message=" + e[9].replace("\r", ""), "", ""])

ZONE, FRACTION, RECORD, FROM_MESSAGE = "time zone", "fraction of the second", "record_id", "fields (taken from the message)"
MICRO, MILLI, SECOND = 6, 3, 0
# name, bytes, digits of the second kept, lost in every event, is the user there, lost in the event with unnamed data alone
SHAPES = [
    ("winlogbeat", ndjson({"@timestamp": utc(e, 3), "message": e[9], "winlog": dict({"provider_name": e[0], "event_id": str(e[1]), "record_id": e[2],
        "channel": e[3], "computer_name": e[4], "event_data": named(e)}, **({"user": {"identifier": e[5]}} if e[5] else {}))} for e in EVENTS), MILLI, [], True, []),
    ("event-xml", "\n".join(xml(e) for e in EVENTS).encode(), MICRO, [], True, []),
    ("events-xml", ("<?xml version='1.0'?>\n<Events>" + "\n".join(xml(e) for e in EVENTS) + "</Events>").encode(), MICRO, [], True, []),
    ("nxlog-ce", ndjson(nxlog(e, False) for e in EVENTS), SECOND, [ZONE], True, [FROM_MESSAGE]),
    ("nxlog-5", ndjson(nxlog(e, True) for e in EVENTS), MICRO, [], True, [FROM_MESSAGE]),
    ("syslog-3164-json", "".join("<14>May  4 10:01:02 %s nx[4]: %s\n" % (e[4], json.dumps(nxlog(e, True))) for e in EVENTS).encode(), MICRO, [], True, [FROM_MESSAGE]),
    ("syslog-5424-xml", "".join("<14>1 %s relay - - - - \ufeff%s\n" % (utc(e), xml(e)) for e in EVENTS).encode(), MICRO, [], True, []),
    ("syslog-5424-sd", "".join(syslog5424(e) + "\n" for e in EVENTS).encode(), MICRO, [], True, [FROM_MESSAGE]),
    ("octet-counted", b"".join(b"%d %s" % (len(m), m) for m in (syslog5424(e).encode() for e in EVENTS)), MICRO, [], True, [FROM_MESSAGE]),
    ("fluentbit", ndjson({"date": 1.5, "ProviderName": e[0], "EventID": e[1], "TimeCreated": local(e, DAY + " %02d:%02d:%02d +0200"), "EventRecordID": e[2],
        "Channel": e[3], "Computer": e[4], "UserID": e[5] or "", "Message": e[9], "StringInserts": [v for _, v in e[7]]} for e in EVENTS), SECOND, [FRACTION], True, []),
    ("vector", ndjson(dict({"channel": e[3], "computer": e[4], "event_id": e[1], "message": e[9], "provider_name": e[0], "record_id": e[2], "timestamp": utc(e),
        "string_inserts": [v for _, v in e[7]]}, **dict({"event_data": dict(e[7])} if e[8] else {}, **({"user_id": e[5]} if e[5] else {})))
        for e in EVENTS), MICRO, [], True, []),
    ("wazuh", ndjson({"data": {"win": {"system": {"providerName": e[0], "eventID": str(e[1]), "systemTime": utc(e), "eventRecordID": str(e[2]), "channel": e[3],
        "computer": e[4], "message": '"%s"' % e[9]}, "eventdata": lower_first(dict(e[7])) if e[8] else {"data": ", ".join(v for _, v in e[7])}}}} for e in EVENTS), MICRO, [], False, []),
    ("osquery", ndjson({"hostIdentifier": "x", "unixTime": 1777881600, "columns": {"channel": e[3], "computer_name": e[4], "datetime": utc(e), "eventid": str(e[1]),
        "provider_name": e[0], "data": json.dumps({"EventData": dict(e[7]) if e[8] else [v for _, v in e[7]]})}} for e in EVENTS), MICRO, [RECORD], False, []),
    ("otlp", otlp(EVENTS), MICRO, [], True, [FROM_MESSAGE]),
    ("splunk-hec", b"".join(json.dumps({"time": "1", "host": "x", "source": "y", "event": xml(e)}).encode() for e in EVENTS), MICRO, [], True, []),
    ("splunk-text", "".join(splunk_text(e) for e in EVENTS).encode(), SECOND, [ZONE, FRACTION, FROM_MESSAGE], True, []),
    ("cribl", ndjson({"_raw": xml(e), "host": "x"} for e in EVENTS), MICRO, [], True, []),
    ("snare", "".join("%s\t%s\n" % (e[4], snare(e)) for e in EVENTS).encode(), SECOND, [ZONE, FRACTION, RECORD, FROM_MESSAGE], True, []),
    ("snare-syslog", "".join("<13>May  4 10:01:02 %s %s\n" % (e[4], snare(e)) for e in EVENTS).encode(), SECOND, [ZONE, FRACTION, RECORD, FROM_MESSAGE], True, []),
    ("eventreporter", "".join('<134>May  4 10:01:02 x EvntSLog: [INF] %s: %s/%s (%d) - "%s"\n' % (local(e, "Mon May  4 %02d:%02d:%02d 2026"), e[4], e[0], e[1], flat(e[9]))
        for e in EVENTS).encode(), SECOND, [ZONE, FRACTION, RECORD, "channel", FROM_MESSAGE], False, []),
]
SAMPLE = [("Microsoft-Windows-Iphlpsvc", 4100, {"IsatapRouter": "192.0.2.66", "ErrorCode": "0"}, "2026-03-11T09:14:22", "isatap_router"),
          ("Microsoft-Windows-DHCP-Server", 1042, {"param1": "(192.0.2.66)"}, "2026-03-11T09:14:25", "dhcp_server_seen"),
          ("Microsoft-Windows-RasSstp", 6, {"CoId": "{0F2B6A71-5C1E-4C3B-9E62-2F3D51B7A9C4}", "SHA1CertificateHash": "3A7F0C5D9E1B24688013F4D2C6A9B7E05D318C42",
           "SHA256CertificateHash": "9B1DD86F3A60A75A5F0C7E3D2B1A4998877665544332211FFEEDDCCBBAA09921"}, "2026-03-11T09:15:03", "sstp_cert_mismatch")]
# files that hold something else: how many events, and of which kinds
OTHER = {"dhcp-server-audit-v4.log": (7, {"dhcp_leased": 2, "scope_full": 1, "dhcp_server_seen": 1}), "dhcp-server-audit-v6.log": (5, {"dhcp_leased": 1})}
FRAMED = ("lumberjack-v2-",)  # a protocol with acknowledgements, spoken by a listener, no file of events

# ---- rows of a DHCP server's audit log in syslog: what stands around them; the host of the header is the computer ----
AUDIT_HEAD = ["ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime, CorrelationID,Dhcid,VendorClass(Hex),"
              "VendorClass(ASCII),UserClass(Hex),UserClass(ASCII),RelayAgentInformation,DnsRegError."]
AUDIT = [("10,05/04/26,10:01:02,Assign,198.51.100.20,PC9.example.net,02005E005309,,3096562285,0,,,,0x4D53465420352E30,MSFT 5.0,,,,0",
          "DHCP-Server-AuditLog-v4", 10, "dhcp_leased", "08:01:02", {"IP Address": "198.51.100.20", "MAC Address": "02005E005309", "TransactionID": "3096562285"}),
         ("12,05/04/26,10:01:03,Release,198.51.100.20,PC9.example.net,02005E005309,,0,6,,,,,,,,,0",
          "DHCP-Server-AuditLog-v4", 12, "dhcp_client", "08:01:03", {"IP Address": "198.51.100.20", "Description": "Release"}),
         ("11002,05/04/26,10:01:04,DHCPV6 Request,2001:db8:10::1f,PC9.example.net,,14,000100012C5E2A7102005E005309,,,,",
          "DHCP-Server-AuditLog-v6", 11002, "dhcp_leased", "08:01:04", {"IPv6 Address": "2001:db8:10::1f", "Duid Bytes(Hex)": "000100012C5E2A7102005E005309"})]
WRAPS = [("syslog-5424", "<134>1 2026-05-04T08:01:05Z DS1.example.net dhcp 4 log - %s"),
         ("syslog-5424, marked as UTF-8", "<134>1 2026-05-04T08:01:05Z DS1.example.net dhcp - - - \ufeff%s"),
         ("syslog-5424 with structured data", '<14>1 2026-05-04T08:01:05.25Z DS1.example.net - - - [NXLOG@14506 SourceModuleName="a \\"]\\" b" x="]"][m@1 y=""] %s'),
         ("syslog-3164", "<13>May  4 10:01:05 DS1.example.net dhcp[77]: %s"),
         ("syslog-3164, two words of a tag", "<13>May 14 10:01:05 DS1.example.net Dhcp Audit: %s"),
         ("syslog-3164 without a tag", "<13>May  4 10:01:05 DS1.example.net %s"),
         ("syslog-3164 with another time", "<13>2026-05-04T10:01:05+02:00 DS1.example.net dhcp: %s")]
NAMELESS = ["<13>%s", "<13>May  4 10:01:05 %s", "<134>1 2026-05-04T08:01:05Z - dhcp - - - %s"]


def audit_rows(binary, folder):
    path = os.path.join(folder, "events")
    for head in (AUDIT_HEAD, []):
        for name, wrap in WRAPS:
            for octets in (False, True):
                lines = [(wrap % row).encode() for row in head + [r[0] for r in AUDIT]]
                open(path, "wb").write(b"".join(b"%d %s" % (len(l), l) if octets else l + b"\n" for l in lines))
                status, got, err = run(binary, path, "+02:00")
                bad = [] if status == 0 and len(got) == len(AUDIT) else ["audit rows in %s: status %d, %d events, %s" % (name, status, len(got), err[:200])]
                for (_, provider, number, kind, second, fields), r in zip(AUDIT, got):
                    want = {"provider": provider, "event_id": number, "kind": kind, "computer": "DS1.example.net", "shape": "dhcp-audit",
                            "timestamp": "%sT%s.000000Z" % (DAY, second)}
                    bad += ["audit row %d in %s: %s is %r, expected %r" % (number, name, k, r[k], v) for k, v in want.items() if r[k] != v]
                    bad += ["audit row %d in %s: %s is %r" % (number, name, k, r["fields"].get(k)) for k, v in fields.items() if r["fields"].get(k) != v]
                    bad += [] if sorted(r["lost"]) == sorted([FRACTION, RECORD]) else ["audit row %d in %s: lost %s" % (number, name, r["lost"])]
                yield "audit rows in %s%s" % (name, ", counted" if octets else ""), bad, got
    for wrap in NAMELESS:  # whose log it is must be said
        open(path, "w").write("".join(wrap % r[0] + "\n" for r in AUDIT))
        status, got, err = run(binary, path, "+02:00")
        yield "audit rows of nobody", [] if status == 1 and not got and "names no host" in err else ["audit rows of nobody: status %d, %d events, %s" % (status, len(got), err[:200])], got


def run(binary, path, zone):
    p = subprocess.run([binary, "-q", "--set", "feed.zone=" + zone, "-e", path, "--host-events"] if zone else [binary, "-q", "-e", path, "--host-events"],
                       capture_output=True, timeout=60)
    return p.returncode, [json.loads(l) for l in p.stdout.decode().splitlines()], p.stderr.decode("utf-8", "replace")

def compare(e, r, digits, lost, user, shape):
    h, m, s, f = e[6]
    want = {"provider": e[0], "event_id": e[1], "record_id": None if RECORD in lost else e[2], "channel": None if "channel" in lost else e[3],
            "computer": e[4], "fields": dict(e[7]), "timestamp": "%sT%02d:%02d:%02d.%sZ" % (DAY, h, m, s, (("%07d" % f)[:digits] if digits else "").ljust(6, "0")[:6])}
    if user: want["user"] = e[5]
    return ["%s %d: %s is %r, expected %r" % (shape, e[1], k, r.get(k), v) for k, v in want.items() if r.get(k) != v] + (
        [] if sorted(r["lost"]) == sorted(lost) else ["%s %d: lost %s, expected %s" % (shape, e[1], r["lost"], lost)])

def composed(binary, folder):
    for shape, data, digits, lost, user, unnamed in SHAPES:
        path = os.path.join(folder, "events")
        open(path, "wb").write(data)
        for zone in ("+02:00", None):
            status, got, err = run(binary, path, zone)
            bad = [] if status == 0 and len(got) == 3 else ["%s: status %d, %d events, %s" % (shape, status, len(got), err[:200])]
            for e, r in zip(EVENTS, got):
                mine = [x for x in lost if not (x == ZONE and zone)] + ([] if e[8] else unnamed)
                shifted = e if zone or ZONE not in lost else e[:6] + ((e[6][0] + 2,) + e[6][1:],) + e[7:]  # taken as UTC, and said
                bad += compare(shifted, r, digits, mine, user, shape)
            yield shape + ("" if zone else " (zone unknown)"), bad, got

def samples(binary, folder):
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name == "README.md" or name.startswith(FRAMED):
            continue
        status, got, err = run(binary, path, "+01:00")
        bad = [] if status == 0 else ["%s: status %d: %s" % (name, status, err[:300])]
        if name in OTHER:
            n, kinds = OTHER[name]
            have = {k: sum(r["kind"] == k for r in got) for k in kinds}
            bad += [] if len(got) == n and have == kinds else ["%s: %d events, %s" % (name, len(got), have)]
        elif name == "real-records.xml":
            bad += [] if got and all(r["timestamp"] and r["record_id"] and r["computer"] for r in got) else ["%s: a record without time, number or computer" % name]
        else:
            bad += [] if len(got) == 3 else ["%s: %d events" % (name, len(got))]
            for (provider, event, fields, second, kind), r in zip(SAMPLE, got):
                for k, v in (("provider", provider), ("event_id", event), ("fields", fields), ("kind", kind)):
                    if r[k] != v: bad.append("%s %d: %s is %r, expected %r" % (name, event, k, r[k], v))
                if not r["timestamp"].startswith(second): bad.append("%s %d: time %s" % (name, event, r["timestamp"]))
        yield name, bad, got

def main():
    ap = argparse.ArgumentParser(); ap.add_argument("--bin", required=True); ap.add_argument("--samples"); ap.add_argument("--table", action="store_true")
    a = ap.parse_args()
    shared = os.environ.get("CROSSTAP_SHARED", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared"))
    folder = a.samples or os.path.join(shared, "hostevents/samples")
    passed = failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        parts = [composed(a.bin, tmp), audit_rows(a.bin, tmp)] + ([samples(a.bin, folder)] if os.path.isdir(folder) else [])
        for part in parts:
            for name, bad, got in part:
                passed, failed = passed + (not bad), failed + bool(bad)
                if a.table:
                    print("%-38s %3d events  %-14s %-6s lost: %s" % (name, len(got), got[0]["shape"] if got else "-", "FAILED" if bad else "ok",
                                                                  ", ".join(sorted({x for r in got for x in r["lost"]})) or "nothing"))
                for b in bad: print("FAILED", b)
    skipped = len(parts) == 2
    if skipped: print("skipped, no corpus: %s (CROSSTAP_SHARED says where)" % folder)
    print("%d passed, %d failed%s" % (passed, failed, ", 1 skipped" if skipped else ""))
    return 1 if failed else 0

if __name__ == "__main__":
    sys.exit(main())
