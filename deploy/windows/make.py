#!/usr/bin/env python3
"""Writes the senders' configurations from channels.json, so that all of them ask for the same events.

usage: make.py            writes the files beside it
       make.py --check    says which of them differ from what would be written; status 1 then
"""
import json, os, sys
from xml.sax.saxutils import escape, quoteattr

HERE = os.path.dirname(os.path.abspath(__file__))
CHANNELS = json.load(open(os.path.join(HERE, "channels.json")))["channels"]
SETS = ("hosts", "servers", "security")
# The event log refuses a Select of more than 23 comparisons; the provider's name is one of them.
COMPARISONS = 20
PUT = "CHANGE"                  # marks each line to change
SENSOR = "crosstap.corp.example"


def ranges(ids):
    """[4000, 4001, 4002, 4100] -> [(4000, 4002), (4100, 4100)]"""
    out = []
    for i in sorted(ids):
        if out and i == out[-1][1] + 1:
            out[-1] = (out[-1][0], i)
        else:
            out.append((i, i))
    return out


def selects(row):
    """XPath of a row, as few as the limit allows"""
    parts, cost, out = [], 0, []
    for low, high in ranges(row["ids"]):
        c = 1 if low == high else 2
        if cost + c > COMPARISONS:
            out.append(parts)
            parts, cost = [], 0
        parts.append("EventID=%d" % low if low == high else "(EventID>=%d and EventID<=%d)" % (low, high))
        cost += c
    out.append(parts)
    return ["*[System[Provider[@Name='%s'] and (%s)]]" % (row["provider"], " or ".join(p)) for p in out]


def query_list(which):
    lines, n = ["<QueryList>"], 0
    channels = []
    for r in CHANNELS:
        if r["set"] in which and r["channel"] not in channels:
            channels.append(r["channel"])
    for n, channel in enumerate(channels):
        lines.append('  <Query Id="%d" Path=%s>' % (n, quoteattr(channel)))
        for r in CHANNELS:
            if r["set"] in which and r["channel"] == channel:
                for x in selects(r):
                    lines.append("    <Select Path=%s>%s</Select>" % (quoteattr(channel), escape(x)))
        lines.append("  </Query>")
    return "\n".join(lines + ["</QueryList>"])


def subscription(which, name, about):
    return """<!-- Windows Event Forwarding: on the collector run  wecutil cs subscription-%s.xml  (source-initiated).
     %s
     %s: the group that may send (here: all domain computers, DC), in AllowedSourceDomainComputers. -->
<Subscription xmlns="http://schemas.microsoft.com/2006/03/windows/events/subscription">
  <SubscriptionId>crosstap-%s</SubscriptionId>
  <SubscriptionType>SourceInitiated</SubscriptionType>
  <Description>Events that crosstap joins with packets</Description>
  <Enabled>true</Enabled>
  <Uri>http://schemas.microsoft.com/wbem/wsman/1/windows/EventLog</Uri>
  <ConfigurationMode>MinLatency</ConfigurationMode>
  <Query><![CDATA[
%s
  ]]></Query>
  <ReadExistingEvents>false</ReadExistingEvents>
  <TransportName>http</TransportName>
  <ContentFormat>RenderedText</ContentFormat>
  <Locale Language="en-US"/>
  <LogFile>ForwardedEvents</LogFile>
  <AllowedSourceNonDomainComputers></AllowedSourceNonDomainComputers>
  <AllowedSourceDomainComputers>O:NSG:NSD:(A;;GA;;;DC)(A;;GA;;;NS)</AllowedSourceDomainComputers>
</Subscription>
""" % (name, about, PUT, name, query_list(which))


def enable():
    off = sorted({r["channel"] for r in CHANNELS if r.get("off")})
    return """# Turns on the channels that Windows leaves off, on the computer it runs on (elevated; or as a start-up script by group
# policy). Their events are proof of what a host accepted; without them crosstap says less, never something else.
# Undo: the same with /e:false.
$channels = @(
%s
)
foreach ($c in $channels) {
    wevtutil.exe sl "$c" /e:true /ms:8388608
    if ($LASTEXITCODE -ne 0) { Write-Warning "$c could not be turned on (code $LASTEXITCODE)" }
}
# Test: each line must say  enabled: true
foreach ($c in $channels) { "$c  " + ((wevtutil.exe gl "$c") -match '^enabled') }
""" % ",\n".join("    '%s'" % c for c in off)


def winlogbeat():
    out = ["# Winlogbeat 7 or 8, straight to the sensor by lumberjack over TLS.",
           "# Test: winlogbeat test config; winlogbeat test output; then crosstap counts `accepted` for this sender.",
           "winlogbeat.event_logs:"]
    seen = []
    for r in CHANNELS:
        if r["channel"] not in seen and r["set"] != "security":
            seen.append(r["channel"])
    for channel in seen:
        rows = [r for r in CHANNELS if r["channel"] == channel and r["set"] != "security"]
        out.append("  - name: %s" % channel)
        out.append("    ignore_older: 6h")
        out.append("    provider: [%s]" % ", ".join(sorted({r["provider"] for r in rows})))
        # Of several providers in one channel the union of ids is asked for: crosstap ignores what it does not know.
        ids = sorted({i for r in rows for i in r["ids"]})
        if len(ranges(ids)) <= COMPARISONS:
            out.append("    event_id: %s" % ", ".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in ranges(ids)))
    return "\n".join(out + [
        "output.logstash:",
        '  hosts: ["%s:5044"]                       # %s: the sensor' % (SENSOR, PUT),
        "  ttl: 0",
        "  compression_level: 3",
        "  ssl.certificate_authorities: ['C:\\ProgramData\\crosstap\\ca.pem']     # %s" % PUT,
        "  ssl.certificate: 'C:\\ProgramData\\crosstap\\host.pem'                 # %s: its name says which computers it may speak for" % PUT,
        "  ssl.key: 'C:\\ProgramData\\crosstap\\host.key'                         # %s" % PUT,
        "processors:",
        "  - add_host_metadata: {netinfo.enabled: true}     # host.ip and host.mac tie the events to the wire: keep them", ""])


def nxlog(which):
    query = query_list(which)
    return """# NXLog (CE and 5): JSON lines over TLS. A channel that a computer does not have fails the whole query: nxlog.conf is for
# every computer, nxlog-servers.conf for DHCP servers.
# CE writes event times without a zone: set feed.zone in crosstap.yaml, or use NXLog 5.
# Test: nxlog -v; then crosstap counts `accepted` for this sender.
<Extension json>
    Module  xm_json
</Extension>
<Input eventlog>
    Module  im_msvistalog
    <QueryXML>
%s
    </QueryXML>
    Exec    to_json();
</Input>
<Output crosstap>
    Module      om_ssl
    Host        %s
    Port        6514
    CAFile      C:\\ProgramData\\crosstap\\ca.pem
    CertFile    C:\\ProgramData\\crosstap\\host.pem
    CertKeyFile C:\\ProgramData\\crosstap\\host.key
    OutputType  LineBased
</Output>
# %s: Host, CAFile, CertFile, CertKeyFile above.
<Route crosstap>
    Path    eventlog => crosstap
</Route>
""" % ("\n".join("        " + x for x in query.split("\n")), SENSOR, PUT)


def fluentbit():
    channels = sorted({r["channel"] for r in CHANNELS if r["set"] != "security"})
    return """# Fluent Bit 2 or later: winevtlog, JSON lines by HTTPS. `date` is the time of reading; crosstap takes TimeCreated.
# The plug-in asks for whole channels; crosstap passes over what it does not know.
# Test: fluent-bit --dry-run -c fluent-bit.yaml; then crosstap counts `accepted` for this sender.
pipeline:
  inputs:
    - name: winevtlog
      channels: %s
      interval_sec: 1
      string_inserts: true
      use_ansi: false
      db: C:\\ProgramData\\crosstap\\fluent-bit.sqlite
  outputs:
    - name: http
      match: '*'
      host: %s                      # %s: the sensor
      port: 8088
      uri: /
      format: json_lines
      header: Authorization Bearer SENDER-TOKEN          # %s: the sender's token of crosstap.yaml
      compress: gzip
      tls: on
      tls.verify: on
      tls.ca_file: C:\\ProgramData\\crosstap\\ca.pem       # %s
      tls.crt_file: C:\\ProgramData\\crosstap\\host.pem    # %s
      tls.key_file: C:\\ProgramData\\crosstap\\host.key    # %s
      retry_limit: no_limits
""" % (",".join(channels), SENSOR, PUT, PUT, PUT, PUT, PUT)


def vector():
    channels = sorted({r["channel"] for r in CHANNELS if r["set"] != "security"})
    return """# Vector: JSON lines over TLS.
# Test: vector validate vector.yaml; then crosstap counts `accepted` for this sender.
sources:
  eventlog:
    type: windows_event_log
    channels:
%s
sinks:
  crosstap:
    type: socket
    inputs: [eventlog]
    mode: tcp
    address: "%s:6514"                # %s: the sensor
    encoding: {codec: json}
    framing: {method: newline_delimited}
    tls:
      enabled: true
      ca_file: 'C:\\ProgramData\\crosstap\\ca.pem'        # %s
      crt_file: 'C:\\ProgramData\\crosstap\\host.pem'     # %s
      key_file: 'C:\\ProgramData\\crosstap\\host.key'     # %s
    buffer: {type: disk, max_size: 268435488}
""" % ("\n".join("      - %s" % c for c in channels), SENSOR, PUT, PUT, PUT, PUT)


def otel():
    channels = sorted({r["channel"] for r in CHANNELS if r["set"] != "security"})
    receivers = "\n".join("""  windowseventlog/%d:
    channel: %s
    start_at: end
    storage: file_storage""" % (n, c) for n, c in enumerate(channels))
    return """# OpenTelemetry collector (contrib): OTLP over HTTPS, as JSON.
# Test: otelcol-contrib validate --config=otel-collector.yaml; then crosstap counts `accepted` for this sender.
extensions:
  file_storage:
    directory: 'C:\\ProgramData\\crosstap\\otel'
receivers:
%s
exporters:
  otlphttp:
    logs_endpoint: https://%s:8088/v1/logs     # %s: the sensor
    encoding: json                                              # protobuf is not read
    headers: {Authorization: Bearer SENDER-TOKEN}               # %s
    tls:
      ca_file: 'C:\\ProgramData\\crosstap\\ca.pem'                # %s
      cert_file: 'C:\\ProgramData\\crosstap\\host.pem'            # %s
      key_file: 'C:\\ProgramData\\crosstap\\host.key'             # %s
    retry_on_failure: {max_elapsed_time: 0}
    sending_queue: {storage: file_storage}
service:
  extensions: [file_storage]
  pipelines:
    logs:
      receivers: [%s]
      exporters: [otlphttp]
""" % (receivers, SENSOR, PUT, PUT, PUT, PUT, PUT, ", ".join("windowseventlog/%d" % n for n in range(len(channels))))


FILES = {
    "subscription-hosts.xml": subscription(("hosts",), "hosts", "Every computer."),
    "subscription-servers.xml": subscription(("servers",), "servers", "DHCP, VPN and DirectAccess servers, besides subscription-hosts."),
    "subscription-security.xml": subscription(("security",), "security", "Domain controllers and servers: logons and directory changes, for relayed credentials. Their forwarder needs to read the Security log (NETWORK SERVICE in Event Log Readers)."),
    "enable-channels.ps1": enable(),
    "winlogbeat.yml": winlogbeat(),
    "nxlog.conf": nxlog(("hosts",)),
    "nxlog-servers.conf": nxlog(("hosts", "servers")),
    "fluent-bit.yaml": fluentbit(),
    "vector.yaml": vector(),
    "otel-collector.yaml": otel(),
}


def main():
    differ = 0
    for name, text in FILES.items():
        path = os.path.join(HERE, name)
        have = open(path, newline="").read() if os.path.exists(path) else None
        if have == text:
            continue
        if sys.argv[1:] == ["--check"]:
            print("%s is not what channels.json says: run make.py" % name)
            differ += 1
        else:
            with open(path, "w", newline="") as f:
                f.write(text)
            print("wrote %s" % name)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
