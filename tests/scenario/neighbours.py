#!/usr/bin/env python3
"""The neighbour events of DETECTIONS.md 10 against forged wire halves: for each event that its row lists one scene in which it
speaks for the hypothesis, and near misses in which it must not: another key, or just outside of the window.

Then what VPN clients and servers tell beside RasSstp (RasClient 20222 and 20227, RemoteAccess 20271 and 20274): confirmed, alone,
explained, the explanation removed, out of view, and the wire half at both ends of the window, just inside and just outside.

usage: neighbours.py --bin CROSSTAP --forge FORGE [--only ID] [-v]
An echo joins through the message on the wire only, and counts beside a hard fact: the host's own copy is no second opinion.  What
is free counts as a seed event.  Context proves nothing.  Clocks are declared synchronised.  Last line: `N passed, N failed`."""
import argparse, collections, concurrent.futures, sys
import logon
import handshake
from events57 import AUTH, CIP, CLI, COID, EPS, INSIDE, OTHER, OUTSIDE, OWN, SIP, SRV, SSTP, T0, Scene, bad_macs, event, name_answer, replay, scene, spoken, spoof
from traps import GW, S1, S2, X, with_
from wire import *

D4, D6, DNS, DS, SEC = ("Microsoft-Windows-" + x for x in ("Dhcp-Client", "DHCPv6-Client", "DNS-Client", "DHCP-Server", "Security-Auditing"))
PLAIN = with_(dhcp6_servers=[{"mac": S1}, {"mac": S2}])
SIX, FREE6, NONCE = "2001:db8::66:50", "2001:db8::66:99", bytes(range(1, 9))
CLIENT = dict(computer="LAP-50.corp.lab", addresses=(CIP,))
SERVER = dict(computer="SRV-30.corp.lab", addresses=(SIP,))
MAC50 = CLI.replace(":", "").upper()


# ---- wire halves, at `at` seconds from the event ----
def six(w, at, by=X, a=SIX):
    w.set(at).sarr(by, CLI, 4711 + int(at) % 89, a, dns=ll(by))


def renew6(w, at, by=X):
    six(w, -400)
    w.set(at).d6client(5, CLI, 77, server=w.duid(by))
    w.d6server(7, by, CLI, 77, SIX, dns=ll(by))


def renew6_both(w, at):
    renew6(w, at)
    w.d6server(7, S1, CLI, 78, "2001:db8::50")


def inform6(w, at):
    w.set(at).d6client(11, CLI, 91)
    w.d6server(7, X, CLI, 91, dns=ll(X))


def advert(w, at, flags=0xc0, also=None):
    w.set(at).ra(X, flags=flags, src=ll(X))
    if also:
        w.ra(also, flags=flags, src="fe80::1")


def four(w, at, by=X, byip=ip(66), extra=""):
    w.set(at).dora(by, byip, CLI, 800 + int(at) % 89, CIP, extra=extra)


def refusal(w, at):
    four(w, -400)
    w.set(at).client(3, CLI, 901, "+o4(54,%s)+o4(50,%s)" % (ip(2), CIP))
    w.server(6, X, ip(66), CLI, 901, ANY)


def refused_beside(w, at):
    """a stranger refuses a lease while its owner gives it"""
    w.set(-400).dora(S1, ip(2), CLI, 870, CIP)
    w.set(at).client(3, CLI, 902, "+o4(54,%s)+o4(50,%s)" % (ip(2), CIP))
    w.server(6, X, ip(66), CLI, 902, ANY)
    w.server(5, S1, ip(2), CLI, 902, CIP)


def informed(w, at):
    w.set(at).client(8, CLI, 911, src=CIP, ciaddr=CIP)
    w.server(5, X, ip(66), CLI, 911, ANY, extra='+o4(252,"http://10.0.0.66/wpad.dat")')


FLOOD_MAC = lambda i: "06:%02x:9a:13:%02x:%02x" % (i % 251, i // 7 % 256, i % 256)


def flood(w, at, by=lambda i: X):
    for i in range(400):
        w.set(at - 140 + i * 0.35).client(1, FLOOD_MAC(i), 60000 + i, l2=by(i))
    w.set(at).client(1, CLI, 999)
    w.set(at + 6).arp(GW, ip(1), ip(9))


def forged(w, at):
    """each in the name of another source"""
    flood(w, at, FLOOD_MAC)


def taken(w, at, a=CIP):
    """X takes the client's address, the client claims it back, X takes it again"""
    w.set(at - 4).announce(CLI, CIP)
    for _ in range(2):
        w.wait(1).arp(X, a, ip(1), op=2, dst=GW, tha=GW)
        w.wait(1).arp(CLI, a, a)


def six_taken(w, at):
    w.set(-300).sarr(S1, CLI, 21, SIX)
    w.set(at - 4).na(CLI, SIX)
    for _ in range(2):
        w.wait(1).na(X, SIX)
        w.wait(1).na(CLI, SIX)


def poisoned(w, at, name="files.corp.lab", a=ip(66)):
    four(w, -400, extra="")
    name_answer(w, at, name=name, a=a, c=CLI, cip=CIP)


def used(w, at):
    """the client asks the resolver that a stranger's lease gave it"""
    w.set(-400).dora(X, ip(66), CLI, 850, CIP, dns=ip(66))
    name_answer(w, at, name="files.corp.lab", a=ip(66), c=CLI, cip=CIP)


def poisoned6(w, at):
    """a resolver with a link-local address, that a stranger's lease gave"""
    six(w, -300)
    w.na(X, ll(X))
    w.set(at).frame("eth %s %s / ip6 %s %s / udp 50000 53 / bytes dns(7,0x0100,1,0,0,0,q(name:files.corp.lab,1))" % (CLI, X, SIX, ll(X)))
    w.frame("eth %s %s / ip6 %s %s / udp 53 50000 / bytes dns(7,0x8180,1,1,0,0,q(name:files.corp.lab,1)+rr(name:files.corp.lab,1,60,10.0.0.66))" % (
        X, CLI, ll(X), SIX))


def relayed(w, at):
    """the client's logon to X goes on to the server"""
    w.set(at)
    inner = w.tcp(CLI, CIP, X, ip(66), 445, logon.smb2_logon(NONCE), sport=50100)
    outer = w.tcp(X, ip(66), SRV, SIP, 445, logon.smb2_logon(NONCE), sport=50200)
    for _ in range(3):
        next(inner, None)
        next(outer, None)


def lured(w, at):
    four(w, -60)
    w.set(at).talk_tcp(CLI, CIP, X, ip(66), 445, logon.smb2_logon(NONCE), sport=50300)


def solicits(w, at):
    """one station asks in the name of 15 clients"""
    for i in range(15):
        w.set(at - 20 + i).d6client(1, X, 3000 + i, duid=w.duid(mac(400 + i)))


def given_back(w, at, kind=7):
    """one MAC gives back the leases of eight, or declines them"""
    for i in range(8):
        w.set(-600 + 3 * i).dora(S1, ip(2), mac(300 + i), 300 + i, ip(150 + i))
    for i in range(8):
        w.set(at + 0.1 * i).client(kind, mac(300 + i), 400 + i, "+o4(54,%s)" % ip(2), src=ip(150 + i), dst=ip(2), ciaddr=ip(150 + i), l2=X, l2dst=S1)


# ids, provider, detection, kind, wire, data, who, {name: what differs in the near miss}; window of the document
ROWS = []


def row(ids, provider, detection, kind, window, wire, data, who, auth=PLAIN, miss=None, verdict=None, at=-1):
    for n in ids:
        ROWS.append(dict(id=n, provider=provider, detection=detection, kind=kind, window=window, wire=wire, data=data, who=who, auth=auth,
                         miss=miss or {}, verdict=verdict, at=at))


GIVEN = {"InterfaceId": "12", "StatusCode": "0", "Address": SIX}
STATUS = {"InterfaceId": "12", "StatusCode": "0"}
row((51007, 51010, 51061), D6, "dhcpv6-rogue-server", "echo", (-10, 5), six, GIVEN, CLIENT, verdict="confirmed",
    miss={"another address": dict(data=dict(GIVEN, Address=FREE6))})
row((51039,), D6, "dhcpv6-rogue-server", "echo", (-60, 5), six, GIVEN, CLIENT, verdict="confirmed", miss={"another address": dict(data=dict(GIVEN, Address=FREE6))})
row((51013, 51016), D6, "dhcpv6-rogue-server", "echo", (-5, 2), renew6, STATUS, CLIENT, verdict="confirmed", miss={"another server's Reply": dict(wire=renew6_both)})
row((51026,), D6, "dhcpv6-rogue-server", "echo", (-5, 2), inform6, STATUS, CLIENT, verdict="confirmed")
row((51008, 51011, 51027, 51036), D6, "dhcpv6-rogue-server", "denies", (-5, 2), six, STATUS, CLIENT)
FLAGS = {"InterfaceId": "12", "Flag1": "1", "Flag2": "1"}
row((1006,), D6, "rogue-ra", "echo", (-5, 2), advert, FLAGS, CLIENT, verdict="confirmed", miss={
    "other flags": dict(data=dict(FLAGS, Flag1="0")), "another router says it too": dict(wire=lambda w, at: advert(w, at, also=GW))})
row((51032, 51033), D6, "rogue-ra", "echo", (-5, 2), advert, STATUS, CLIENT, miss={"no M": dict(wire=lambda w, at: advert(w, at, 0x40))})
row((51034,), D6, "rogue-ra", "echo", (-5, 2), advert, dict(STATUS, Dword1="0", Dword2="0"), CLIENT, miss={"no O": dict(wire=lambda w, at: advert(w, at, 0x80))})
row((51019,), D6, "nd-spoof", "free", (-30, 5), six_taken, STATUS, CLIENT, miss={"another's": dict(who=SERVER)})
row((1005,), D6, "nd-spoof", "free", (-30, 5), six_taken, {"InterfaceGUID": "{12}", "HWLength": "6", "HWAddress": MAC50}, CLIENT, miss={"another's": dict(who=SERVER)})
ADDRS = {"InterfaceId": "12", "Address1": CIP, "Address2": ip(66)}
row((50010, 50013, 60001), D4, "dhcpv4-rogue-server", "echo", (-60, 10), four, ADDRS, CLIENT, verdict="confirmed", miss={
    "another server": dict(data=dict(ADDRS, Address2=ip(9))), "another's": dict(who=SERVER)})
row((1002,), D4, "dhcpv4-rogue-server", "echo", (-60, 10), refusal, {"Address1": CIP, "HWLength": "6", "HWAddress": MAC50, "Address2": ip(66)}, CLIENT,
    miss={"another's": dict(who=SERVER)})
row((50011, 50014), D4, "dhcpv4-rogue-server", "denies", (-60, 10), four, STATUS, CLIENT)
row((50044,), D4, "dhcpv4-rogue-server", "echo", (-5, 2), informed, {"InterfaceId": "12"}, CLIENT)
LEASELESS = {"HWLength": "6", "HWAddress": MAC50, "StatusCode": "121"}
row((1001, 1003), D4, "dhcp-discover-flood", "free", (-300, 5), flood, LEASELESS, CLIENT, miss={"no such hypothesis": dict(wire=lambda w, at: w.set(at).client(1, CLI, 999))})
row((1007,), D4, "dhcp-discover-flood", "free", (-300, 5), flood, {"HWLength": "6", "HWAddress": MAC50, "Address": "169.254.1.2"}, CLIENT)
row((50023,), D4, "dhcp-discover-flood", "free", (-300, 5), flood, {"InterfaceId": "12"}, CLIENT)
CLASH = {"Address": CIP, "HWLength": "6", "HWAddress": MAC50}
row((1005,), D4, "nd-spoof", "free", (-60, 5), taken, CLASH, CLIENT, miss={"another address": dict(data=dict(CLASH, Address=ip(51)))})
TCPIP = {"param1": "", "param2": CIP, "param3": X.upper().replace(":", "-")}
row((50017,), D4, "nd-spoof", "free", (-60, 5), taken, STATUS, CLIENT, miss={"another's": dict(who=SERVER)})
row((4198, 4199), "Tcpip", "nd-spoof", "free", (-60, 5), taken, TCPIP, CLIENT, miss={"another MAC": dict(data=dict(TCPIP, param3=mac(77))), "another address": dict(data=dict(TCPIP, param2=ip(51)))})
row((10009,), DS, "dhcpv6-rogue-server", "free", (-10, 2), six, {}, SERVER, verdict="confirmed")
FLOODER = FLOOD_MAC(390).replace(":", "").upper()      # the flood names it some seconds before its end
DROPPED = {"param1": FLOODER, "param2": "x", "param3": "x", "param4": "x"}
REMOTE = dict(computer="DHCP-HQ.corp.lab", addresses=("172.16.9.9",))     # behind a relay: no station of the segment
MISSED = {"no flood": dict(wire=lambda w, at: w.set(at).client(1, CLI, 999)), "a client beside the flood": dict(data=dict(DROPPED, param1=MAC50)),
          "a client that never asked": dict(data=dict(DROPPED, param1="06FFFFFFFF01"))}
row((20096, 20097, 20100), DS, "dhcp-discover-flood", "free", (-60, 5), flood, DROPPED, SERVER, miss=MISSED)
row((20096,), DS, "dhcp-discover-flood", "free", (-60, 5), bad_macs, lambda at: dict(DROPPED, param1="03660000%02X%02X" % (0, int(at) % 251)), REMOTE)
row((20100,), DS, "dhcp-discover-flood", "free", (-60, 5), forged, DROPPED, REMOTE, miss={"a client beside the flood": dict(data=dict(DROPPED, param1=MAC50))})
row((1013,), DS, "dhcp-starvation", "beside", (-60, 5), given_back, {"param1": ip(150), "param2": mac(300).replace(":", "").upper()}, SERVER,
    miss={"another client": dict(data={"param1": ip(150), "param2": "0A0B0C0D0E0F"})})
row((1012,), DS, "dhcp-starvation", "beside", (-60, 5), lambda w, at: given_back(w, at, 4), {"param1": ip(150), "param2": mac(300).replace(":", "").upper()},
    SERVER, miss={"another client": dict(data={"param1": ip(150), "param2": "0A0B0C0D0E0F"})})
row((1011,), DS, "dhcpv4-rogue-server", "echo", (-60, 5), refused_beside, {"param1": CIP, "param2": MAC50}, SERVER, miss={
    "another client": dict(data={"param1": CIP, "param2": "0A0B0C0D0E0F"})})
row((20287,), DS, "dhcp-discover-flood", "free", (-60, 5), flood, {"param1": FLOODER, "param2": "10.0.0.0"}, REMOTE, miss=MISSED)
QUIET = {"no flood": dict(wire=lambda w, at: w.set(at).client(1, CLI, 999))}
FULL = {"param1": "10.0.0.0", "param2": "10.0.0.0", "param3": "10.0.0.0"}
row((1341, 1342, 1343, 1376, 1377), DS, "dhcp-discover-flood", "free", None, flood, FULL, SERVER, miss=QUIET)
FEW6 = {"param1": "2001:db8::", "param2": "2001:db8::", "param3": "90", "param4": "10"}
row((10003, 10005), DS, "dhcpv6-solicit-flood", "free", (-1800, 300), solicits, FEW6, SERVER, miss={"no flood": dict(wire=lambda w, at: w.set(at).d6client(1, CLI, 999))})
row((1000, 1003, 51062), D6, "dhcpv6-rogue-server", "info", None, six, {"HWLength": "6", "HWAddress": MAC50, "StatusCode": "121"}, CLIENT)
LOCAL = {"QueryName": "files.corp.lab", "AddressLength": "16", "Address": "", "DnsAddressLength": "16", "DnsAddress": ll(X)}
row((1018,), DNS, "dns-takeover", "free", (-10, 5), poisoned6, LOCAL, CLIENT, verdict="confirmed", miss={"another resolver": dict(data=dict(LOCAL, DnsAddress="fe80::9"))})
ANSWER = {"QueryName": "files.corp.lab", "QueryType": "1", "QueryOptions": "0", "QueryStatus": "0", "QueryResults": ip(66) + ";"}
row((3008, 3020), DNS, "dns-takeover", "free", (-10, 5), poisoned, ANSWER, CLIENT, verdict="confirmed", miss={
    "another name": dict(data=dict(ANSWER, QueryName="other.corp.lab")), "another's": dict(who=SERVER)})
ASKED = {"QueryName": "files.corp.lab", "AddressLength": "16", "Address": "020000350A000042" + "00" * 8, "DnsServerIpAddress": ip(66), "Interface": "12",
         "DNSServerAddress": ip(66)}
ELSEWHERE = dict(ASKED, Address="020000350A000009" + "00" * 8, DnsServerIpAddress=ip(9), DNSServerAddress=ip(9))
row((1001, 1002, 3009, 3010, 3011), DNS, "dns-takeover", "echo", (-60, 60), used, ASKED, CLIENT, miss={"another resolver": dict(data=ELSEWHERE)})
row((1024, 1025, 1026), DNS, "dns-takeover", "free", (-10, 5), poisoned, ASKED, CLIENT, miss={"another name": dict(data=dict(ASKED, QueryName="other.corp.lab"))})
row((1013, 1014), DNS, "dns-takeover", "info", (-60, 5), used, ASKED, CLIENT)
LOGON = {"TargetUserName": "alice", "TargetDomainName": "CORP", "LogonType": "3", "AuthenticationPackageName": "NTLM", "IpAddress": ip(66), "WorkstationName": "WS-11"}
row((4624, 4625), SEC, "credential-capture", "free", (-10, 10), relayed, LOGON, SERVER, verdict="confirmed", miss={
    "from another address": dict(data=dict(LOGON, IpAddress=ip(77))), "by Kerberos": dict(data=dict(LOGON, AuthenticationPackageName="Kerberos"))})
CHECKED = {"PackageName": "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0", "TargetUserName": "alice", "Workstation": "WS-11", "Status": "0x0"}
row((4776,), SEC, "credential-capture", "free", (-10, 10), lured, CHECKED, dict(computer="DC1.corp.lab", addresses=(ip(2),)), verdict="confirmed",
    miss={"another account": dict(data=dict(CHECKED, TargetUserName="bob"))})
row((4741, 5136), SEC, "credential-capture", "free", (-600, 5), relayed, {"TargetUserName": "PWN$", "ObjectDN": "CN=x"}, SERVER, verdict="confirmed",
    miss={"another controller": dict(who=dict(computer="DC1.corp.lab", addresses=(ip(2),)))})


def run(a, r, at, with_event):
    w = Scene()
    w.here()
    w.sight(-1500)
    w.leases()
    w.set(-600).others()
    r["wire"](w, at)
    w.set(700).arp(GW, ip(1), ip(1))
    wrong, last = replay(a, w, r["auth"], [event(r["id"], provider=r["provider"], **r["who"], **(r["data"](at) if callable(r["data"]) else r["data"]))] if with_event else [])
    if wrong:
        return wrong, None
    mine = [i for i in last.values() if i["detection"] == r["detection"] and i["facts"]]
    role = {e["role"] for i in mine for e in i["host_events"] if e["event_id"] == r["id"] and e["provider"] == r["provider"]}
    verdicts = {i["verdict"] for i in mine if not with_event or any(e["event_id"] == r["id"] for e in i["host_events"])}
    return role, verdicts


# ---- RasClient, RemoteAccess ----
RAS, RRAS, OTHER_CLIENT = "RasClient", "RemoteAccess", ip(51)


def session(w, at, c, cip, s, sip, cert):
    w.set(at)
    w.talk_tcp(c, cip, s, sip, 443, handshake.session(cert, "vpn.corp.lab", random=int(at) % 251 + 1), sport=44000 + int(at * 10) % 997)


def lured_to(w, at):
    """the client's session ends at X, that shows another certificate"""
    session(w, at, CLI, CIP, X, ip(66), OTHER)


def goes_on(w, at):
    """X's own session with the server"""
    session(w, at, X, ip(66), SRV, SIP, OWN)


def direct(w, at, c=CLI, cip=CIP):
    session(w, at, c, cip, SRV, SIP, OWN)


def of_another(w, at):
    direct(w, at, S2, OTHER_CLIENT)


def came_from(a, **kw):
    return event(20271, provider=RRAS, param1=COID["CoId"], param2="CORP\\ann", param3=a, param4="bad password", **SERVER)


def connected():
    return event(20274, provider=RRAS, param1=COID["CoId"], param2="CORP\\ann", param3="VPN2-127", param4="10.9.0.5", **SERVER)


def failed(at=0):
    return event(20227, at, provider=RAS, param1="CoId=" + COID["CoId"], param2="CORP\\ann", param3="Office", param4="619", **CLIENT)


def dialled(a, at=-60):
    return event(20222, at, provider=RAS, record=2, param1="CoId=" + COID["CoId"], param2="CORP\\ann", param3="Office",
                 param4="\r\nServer address/Phone Number = %s\r\nDevice = WAN Miniport (SSTP)\r\n" % a, **CLIENT)


def not_sent():
    return event(1, provider=SSTP, **CLIENT, **COID)


def edges(start, end, made, told, agreed="confirmed"):
    """made(at): the scenes with the wire half at that time"""
    for name, at, want in (("early, inside", start - EPS + INSIDE, agreed), ("early, outside", start - OUTSIDE, "!" + agreed),
                           ("late, inside", end + EPS - INSIDE, agreed), ("late, outside", end + OUTSIDE, "!" + agreed)):
        yield name, made(at), [told], True, want


def vpn_cases():
    """id of the event that must speak (0: any incident), then name, scenes, events, in view?, wanted verdict (! not that one)"""
    for number, told, elsewhere in ((20271, came_from(ip(66)), came_from(CIP)), (20274, connected(), connected())):
        own = [(goes_on, -20)]
        yield number, "confirmed", own + [(lured_to, -10)], [told], True, "confirmed"
        yield number, "alone", [], [told], True, "silence"
        yield 0, "packets alone", own + [(lured_to, -10)], [], True, "probable"
        yield number, "explained: source = client", [(direct, -10)], [elsewhere], True, "silence"
        yield number, "another client is lured", [(lured_to, -30), (of_another, -10)], [came_from(OTHER_CLIENT) if number == 20271 else told], True, "silence"
        yield number, "explanation removed", [(lured_to, -30), (of_another, -12)] + own, [told], True, "confirmed"
        yield number, "out of view, alone", [], [told], False, "silence"
        yield number, "out of view, a fact seen", own + [(lured_to, -10)], [told], False, "confirmed"
        for case in edges(-120, 10, lambda at: own + [(lured_to, at)], told):
            yield (number,) + case
    for case in edges(-120, 10, lambda at: [(goes_on, at), (lured_to, -10)], connected()):
        yield (20274, "the actor's session " + case[0]) + case[1:]
    yield 20227, "confirmed", [(lured_to, -5)], [failed()], True, "confirmed"
    yield 20227, "alone", [], [failed()], True, "silence"
    yield 20227, "explained: the server's own", [(direct, -5)], [failed()], True, "silence"
    yield 20227, "explanation removed", [(direct, -15), (lured_to, -5)], [failed()], True, "confirmed"
    yield 20227, "out of view, alone", [], [failed()], False, "silence"
    yield 20227, "out of view, a fact seen", [(lured_to, -5)], [failed()], False, "confirmed"
    for case in edges(-90, 5, lambda at: [(lured_to, at)], failed()):
        yield (20227,) + case
    both = [(lured_to, -30), (direct, -5)]
    yield 1, "20222 confirmed: it dialled the stranger", both, [dialled(ip(66)), not_sent()], True, "confirmed"
    yield 1, "20222 told after it", both, [not_sent(), dialled(ip(66), 20)], True, "confirmed"
    yield 20222, "alone", both, [dialled(ip(66))], True, "silence"
    yield 1, "20222 explained: it dialled the server", [(lured_to, -5), (direct, -30)], [dialled(SIP), not_sent()], True, "refuted"
    yield 1, "20222 explained, told after it", [(lured_to, -5), (direct, -30)], [not_sent(), dialled(SIP, 20)], True, "refuted"
    yield 1, "20222 explanation removed", [(lured_to, -5), (direct, -30)], [not_sent()], True, "confirmed"
    yield 1, "20222 of another connection", [(lured_to, -5), (direct, -30)], [dialled(SIP), event(
        1, provider=SSTP, CoId="{11111111-5C1E-4C3B-9E62-2F3D51B7A9C4}", **CLIENT)], True, "confirmed"
    yield 1, "20222 out of view", [], [dialled(ip(66)), not_sent()], False, "unverifiable"
    for case in edges(-90, 5, lambda at: [(direct, -5), (lured_to, at)], None):
        yield (1, "20222 " + case[0], case[1], [dialled(ip(66)), not_sent()]) + case[3:]


def judge_vpn(job):
    a, (number, name, scenes, events, sight, want) = job
    r = dict(id=number, window=(-300, 60), sight=(-1500,), leases=False)
    wrong, last = replay(a, scene(r, scenes, sight), AUTH, events)
    got = wrong or spoken(r, last, number != 0)[0]
    good = got not in (want[1:], wrong) if want[0] == "!" else got == want
    return number, name, want, got, good


def judge(job):
    a, r, name, at, want = job
    role, verdicts = run(a, r, at, True)
    if isinstance(role, str):
        return r, name, role
    if not want:
        return r, name, "it speaks" if "corroborates" in role else None
    if r["kind"] == "info":
        return r, name, "it speaks" if "corroborates" in role else None
    if not role:
        return r, name, "it is silent"
    if r["kind"] in ("denies", "beside"):     # listed, and no proof: the host refused, or no hard fact is there
        return r, name, None
    if "corroborates" not in role:
        return r, name, "it is context"
    if r["verdict"] and r["verdict"] not in verdicts:
        return r, name, "%s instead of %s" % (sorted(verdicts), r["verdict"])
    return r, name, None


def cases(r):
    yield r, "fires", r["at"], True
    for name, change in r["miss"].items():
        yield dict(r, **change), name, r["at"], False
    if r["kind"] == "info" or r["window"] is None:   # a flood has no moment
        return
    if r["window"][0] > -300:
        yield r, "too early", r["window"][0] - 3.5, False
    yield r, "too late", r["window"][1] + 3.0 + {flood: 140, forged: 140, solicits: 20}.get(r["wire"], 0), False


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge", required=True)
    ap.add_argument("--only", default="")
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    jobs = [(a,) + c for r in ROWS if a.only in ("", str(r["id"])) for c in cases(r)]
    table, failed = collections.OrderedDict(), 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for r, name, wrong in pool.map(judge, jobs):
            line = table.setdefault((r["provider"], r["id"]), [r["kind"], r["detection"], 0, 0])
            line[2] += 1
            line[3] += not wrong
            failed += bool(wrong)
            if wrong or a.v:
                print("%-6s %s %d, %s%s" % ("FAILED" if wrong else "ok", r["provider"], r["id"], name, ": " + wrong if wrong else ""))
        more = [(a, c) for c in vpn_cases() if a.only in ("", str(c[0])) or a.only and a.only in c[1]]
        for number, name, want, got, good in pool.map(judge_vpn, more):
            number = int(name[:5]) if name[:5].isdigit() else number or 20271
            line = table.setdefault((RAS if number < 20271 else RRAS, number), ["vpn", "sstp-mitm", 0, 0])
            line[2] += 1
            line[3] += good
            failed += not good
            if not good or a.v:
                print("%-6s %5d, %-40s wanted %s, got %s" % ("ok" if good else "FAILED", number, name, want, got))
        jobs += more
    for (provider, number), (kind, detection, n, good) in table.items():
        print("%-38s %5d  %-6s %-22s %d of %d" % (provider, number, kind, detection, good, n))
    print("%d events, %d passed, %d failed" % (len(table), len(jobs) - failed, failed))
    print("%d passed, %d failed" % (len(jobs) - failed, failed))
    return 1 if failed or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
