"""TLS handshakes as bytes (RFC 5246 7.4, 8446 4.1), small certificates (RFC 5280 4.1), and the events of a VPN client."""
import hashlib, struct
from logon import der


def oid(text):
    return der(6, bytes.fromhex(text))


def name(cn):
    return der(0x30, der(0x31, der(0x30, oid("550403") + der(12, cn.encode()))))


def certificate(subject, issuer="Corp Lab Root CA", serial=1, year=23):
    """a certificate for one name, made for the test: its key and its signature are no real ones"""
    ecdsa = der(0x30, oid("2a8648ce3d040302"))
    key = der(0x30, der(0x30, oid("2a8648ce3d0201") + oid("2a8648ce3d030107")) + der(3, b"\0\4" + bytes(range(64))))
    times = der(0x30, der(23, b"%d0101000000Z" % year) + der(23, b"%d0101000000Z" % (year + 2)))
    ext = der(0x30, der(0x30, oid("551d25") + der(4, der(0x30, oid("2b06010505070301"))))
              + der(0x30, oid("551d11") + der(4, der(0x30, der(0x82, subject.encode())))))
    body = der(0x30, der(0xa0, der(2, b"\2")) + der(2, bytes([serial])) + ecdsa + name(issuer) + times + name(subject) + key + der(0xa3, ext))
    return der(0x30, body + ecdsa + der(3, b"\0" + bytes(8)))


def sha256(cert):
    return hashlib.sha256(cert).hexdigest()


def record(kind, data, version=0x0303):
    return struct.pack(">BHH", kind, version, len(data)) + data


def message(kind, body):
    return record(22, bytes([kind]) + struct.pack(">I", len(body))[1:] + body)


def extension(kind, body):
    return struct.pack(">HH", kind, len(body)) + body


def client_hello(sni=None, suites=(0xc02b, 0xc02f), random=1, tls13=False):
    exts = b""
    if sni:
        host = b"\0" + struct.pack(">H", len(sni)) + sni.encode()
        exts += extension(0, struct.pack(">H", len(host)) + host)
    if tls13:
        exts += extension(43, b"\4\3\4\3\3") + extension(51, b"\0\x24\0\x1d\0\x20" + bytes(32))
    offer = b"".join(struct.pack(">H", s) for s in suites)
    return message(1, b"\3\3" + bytes([random]) * 32 + b"\0" + struct.pack(">H", len(offer)) + offer + b"\1\0" + struct.pack(">H", len(exts)) + exts)


def server_hello(suite=0xc02b, tls13=False):
    exts = extension(43, b"\3\4") + extension(51, b"\0\x1d\0\x20" + bytes(32)) if tls13 else b""
    return message(2, b"\3\3" + b"\x77" * 32 + b"\0" + struct.pack(">H", suite) + b"\0" + struct.pack(">H", len(exts)) + exts)


def certificates(*chain):
    body = b"".join(struct.pack(">I", len(c))[1:] + c for c in chain)
    return message(11, struct.pack(">I", len(body))[1:] + body)


def session(cert, sni, random=1, accepted=True, tls13=False):
    """the turns of one connection: TLS 1.2 shows the certificate, 1.3 does not"""
    hello = client_hello(sni, random=random, tls13=tls13, suites=(0x1301,) if tls13 else (0xc02b, 0xc02f))
    if tls13:
        answer = server_hello(0x1301, True) + record(20, b"\1") + record(23, bytes(900))
        rest = [(True, record(20, b"\1") + record(23, bytes(53)))]
    else:
        answer = server_hello() + certificates(cert) + message(14, b"")
        rest = [(True, message(16, b"\x20" + bytes(32)) + record(20, b"\1") + record(22, bytes(40))), (False, record(20, b"\1") + record(22, bytes(40)))]
    if accepted:
        rest += [(True, record(23, bytes(210))), (False, record(23, bytes(180)))]
    return [(True, hello), (False, answer)] + rest


def sstp_event(number, record_id, at, computer, address, **data):
    """RasSstp `number` as Winlogbeat ships it, `at` seconds after the scene's start"""
    stamp = "2023-11-14T22:%02d:%06.3fZ" % (13 + (20 + at) // 60, (20 + at) % 60)
    return {"@timestamp": stamp, "host": {"name": computer.lower(), "ip": [address]},
            "winlog": {"provider_name": "Microsoft-Windows-RasSstp", "event_id": str(number), "record_id": record_id, "channel": "System",
                       "computer_name": computer, "event_data": dict(CoId="{0F2B6A71-5C1E-4C3B-9E62-2F3D51B7A9C4}", **data)}}
