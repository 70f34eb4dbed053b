"""Logons as bytes: NTLM (MS-NLMP 2.2.1) in SPNEGO (RFC 4178), in SMB2 SESSION_SETUP (MS-SMB2 2.2.5, 2.2.6), LDAP bind
(RFC 4511 4.2) and HTTP; DNS messages that lead to one (RFC 2136, 2930)."""
import base64, struct

OID_SPNEGO = bytes.fromhex("06062b0601050502")
OID_NTLMSSP = bytes.fromhex("060a2b06010401823702020a")


def der(tag, body):
    n = len(body)
    return bytes([tag]) + (bytes([n]) if n < 128 else b"\x82" + struct.pack(">H", n)) + body


def ntlm(kind, challenge=bytes(8), user="alice", domain="CORP", host="WS-11"):
    """a message of type 1, 2 or 3"""
    head = b"NTLMSSP\0" + struct.pack("<I", kind)
    if kind == 1:
        return head + struct.pack("<I", 0xe2088297) + bytes(16) + b"\x0a\0\0\0\0\0\0\x0f"
    if kind == 2:
        return head + struct.pack("<HHI", 0, 0, 56) + struct.pack("<I", 0xe2898215) + challenge + bytes(8) + struct.pack("<HHI", 0, 0, 56) + b"\x0a\0\0\0\0\0\0\x0f"
    text = [x.encode("utf-16le") for x in (domain, user, host)]
    fields, at, answer = b"", 88, bytes(24)
    for part in [answer, answer] + text + [b""]:
        fields += struct.pack("<HHI", len(part), len(part), at)
        at += len(part)
    return head + fields + struct.pack("<I", 0xe2888215) + b"\x0a\0\0\0\0\0\0\x0f" + bytes(16) + answer * 2 + b"".join(text)


def spnego(token, first):
    if first:
        return der(0x60, OID_SPNEGO + der(0xa0, der(0x30, der(0xa0, der(0x30, OID_NTLMSSP)) + der(0xa2, der(4, token)))))
    return der(0xa1, der(0x30, der(0xa0, b"\x0a\x01\x01") + der(0xa2, der(4, token))))


def smb2(token, answer, ident=1):
    body = (struct.pack("<HHHH", 9, 0, 72, len(token)) if answer
            else struct.pack("<HBBIIHHQ", 25, 0, 1, 1, 0, 88, len(token), 0)) + token
    head = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 0, 0xc0000016 if answer else 0, 1, 1, 1 if answer else 0, 0, ident, 0, 0, 0) + bytes(16)
    return struct.pack(">I", len(head + body)) + head + body


def smb2_logon(challenge, **who):
    """(from the client?, bytes) in turn: all three messages"""
    return [(True, smb2(spnego(ntlm(1), True), False)), (False, smb2(spnego(ntlm(2, challenge), False), True)),
            (True, smb2(spnego(ntlm(3, **who), False), False, 2))]


def ldap_bind(token, ident=1):
    bind = der(0x60, b"\x02\x01\x03" + der(4, b"") + der(0xa3, der(4, b"GSS-SPNEGO") + der(4, token)))
    return der(0x30, b"\x02\x01" + bytes([ident]) + bind)


def ldap_logon(challenge, **who):
    answer = der(0x61, b"\x0a\x01\x0e" + der(4, b"") + der(4, b"") + der(0x87, spnego(ntlm(2, challenge), False)))
    return [(True, ldap_bind(spnego(ntlm(1), True))), (False, der(0x30, b"\x02\x01\x01" + answer)),
            (True, ldap_bind(spnego(ntlm(3, **who), False), 2))]


def http(first, *headers):
    return ("\r\n".join((first,) + headers) + "\r\n\r\n").encode()


def http_logon(challenge, path="/", host="intranet", **who):
    """401, then all three messages on one connection"""
    def ask(*headers):
        return True, http("GET %s HTTP/1.1" % path, "Host: " + host, *headers)

    def told(scheme):
        return False, http("HTTP/1.1 401 Unauthorized", "WWW-Authenticate: " + scheme, "Content-Length: 0")

    def b64(m):
        return "NTLM " + base64.b64encode(m).decode()
    return [ask(), told("NTLM"), ask("Authorization: " + b64(ntlm(1))), told(b64(ntlm(2, challenge))),
            ask("Authorization: " + b64(ntlm(3, **who)))]


def pac(host="wpad"):
    script = 'function FindProxyForURL(u,h){return "PROXY 10.0.0.66:3128";}'
    return [(True, http("GET /wpad.dat HTTP/1.1", "Host: " + host)),
            (False, http("HTTP/1.1 200 OK", "Content-Type: application/x-ns-proxy-autoconfig", "Content-Length: %d" % len(script)) + script.encode())]


def tkey(name=b"\x04host\x04corp\x03lab\0"):
    """a key exchange over TCP: question and additional record of type TKEY, class ANY"""
    token = spnego(ntlm(1), True)
    rdata = b"\x08gss-tsig\0" + struct.pack(">IIHH", 1700000000, 1700086400, 3, 0) + struct.pack(">H", len(token)) + token + b"\0\0"
    m = struct.pack(">HHHHHH", 9, 0, 1, 0, 0, 1) + name + struct.pack(">HH", 249, 255)
    m += name + struct.pack(">HHIH", 249, 255, 0, len(rdata)) + rdata
    return struct.pack(">H", len(m)) + m
