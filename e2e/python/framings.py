"""Messages whose end can be read in more than one way, made from a fixed seed: the same ones in every run.

Each is a first request in ambiguous framing, a hidden request that is complete in itself, and a last one that tells where a
reader has got to and ends the connection. Which of the three a reader sees, and with which bodies, is its reading of the case.
"""

import dataclasses
import random

# The first body, as it is and in chunks.
PLAIN = b"hello world"
CHUNKED = b"b\r\nhello world\r\n0\r\n\r\n"
# Stands for the whole hidden request, wherever it is put; for the target of the first one; for the server's name.
HIDDEN, TARGET, AUTHORITY = b"@HIDDEN@", b"@TARGET@", b"@AUTHORITY@"

LENGTH, CODING = b"Content-Length", b"Transfer-Encoding"

# What a name can be made of so that some readers know it and others do not. %s is the name.
NAMES = [
    b"%s:", b"%s :", b"%s\t:", b" %s:", b"\t%s:", b"%s\x0b:", b"\x00%s:", b"%s\x00:", b"%s\r:", b"\xef\xbb\xbf%s:",
    b"%s: :", b"%s;:", b"X: y\r\n %s:", b"X: y\r\n\t%s:", b"X: y\n%s:", b"X: y\r%s:", b"X: y\x00\r\n%s:",
    b"X:\r\n%s:", b"X\r\n%s:", b"X\n%s:", b": y\r\n%s:", b'X: "y\r\n%s:', b"X: y\x85%s:", b"X: y\x0c%s:",
    b"X: y\xe5\x98\x8a%s:", b"X: \\\r\n%s:", b"\r%s:", b"X: y\r\n\r%s:", b"X: y\r\r\n%s:",
]
LINE_ENDS = [
    b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"\r\n ", b"\r\n\t\r\n", b"\x00\r\n", b" \r\n", b"\t\n", b"\x85",
    b"\\r\\n",
]
# %d is a length, %x the same in hexadecimal.
LENGTHS = [
    b"%d", b" %d", b"  %d  ", b"\t%d\t", b"\x0b%d", b"%d\x0c", b"%d\x00", b"\x00%d", b"%d\xa0", b"+%d", b"-%d",
    b"0%d", b"00000000000000000000%d", b"0x%x", b"%x", b"0b1", b"%d.0", b"%de0", b"%d_0", b"1_%d", b"%d,%d",
    b"%d, %d", b"%d,0", b"0,%d", b"%d,", b",%d", b"%d;", b"%d;a=b", b"%d %d", b"%d 0", b"0 %d", b'"%d"', b"'%d'",
    b"(%d)", b"", b" ", b"\t", b"%d\r\n ", b"\r\n %d", b"%d\r", b"\r%d", b"%d\r\n 0", b"%d\n 0",
    b"18446744073709551616", b"18446744073709551627", b"9223372036854775808", b"4294967307", b"\xd9\xa1\xd9\xa1",
    b"\xef\xbc\x91\xef\xbc\x91", b"%d bytes", b"%d#", b"%%d", b"-0", b"+0",
]
CODINGS = [
    b"chunked", b" chunked ", b"\tchunked", b"chunked\t", b"Chunked", b"CHUNKED", b"\x0bchunked", b"chunked\x0c",
    b"\x00chunked", b"chunked\x00", b"chunked\xa0", b"\x85chunked", b"chun\xe2\x84\xaaed", b"chunked,", b",chunked",
    b", chunked", b"chunked,,", b"chunked, chunked", b"chunked,chunked", b"identity", b"identity, chunked",
    b"chunked, identity", b"gzip, chunked", b"chunked, gzip", b"gzip", b"deflate,chunked", b"x-chunked", b"xchunked",
    b"chunkedx", b"chunke", b"chunked chunked", b"chunked identity", b"identity chunked", b'"chunked"', b"'chunked'",
    b"chunked;q=1", b"chunked; a=b", b"chunked;", b"\r\n chunked", b"chunked\r\n , identity", b"x\r\n chunked",
    b"chunked\r\n ", b"\rchunked", b"chunked\r", b"x\nchunked", b"", b" ", b",", b"null", b"trailers, chunked",
    b"gzip\t, chunked", b"chunked\x1f", b"chunked/1", b"(chunked)", b"chunked=", b"c hunked",
]
# Chunked bodies: what can come before the data, after the data, and at the end. Where they can be read in two ways, one of the two
# ends before the hidden request.
SIZE_LINES = [
    b"b \r\n", b"b\t\r\n", b" b\r\n", b"\tb\r\n", b"B\r\n", b"+b\r\n", b"-b\r\n", b"0xb\r\n", b"0b\r\n",
    b"000000000000000b\r\n", b"0000000000000000b\r\n", b"1000000000000000b\r\n", b"10000000b\r\n", b"b_\r\n",
    b"b g\r\n", b"bg\r\n", b"b\x00\r\n", b"b\x0b\r\n", b"b,\r\n", b"b.\r\n", b'"b"\r\n', b"\r\n", b"b;a\r\n",
    b"b;a=b\r\n", b"b ;a=b\r\n", b'b;a="b"\r\n', b'b;a="\r\n', b'b;a="\\\r\n', b"b;\r\n", b"b;;\r\n", b"b;a\nx\r\n",
    b"b;a\rx\r\n", b"b;a\x00\r\n", b"b;\x7f\r\n", b"b;\xff\r\n", b"b;a\n", b"b;\n", b"b\n", b"b\r", b"b\r\r\n",
    b"b\n\r\n", b"a\r\n", b"c\r\n", b"d\r\n",
]
DATA_ENDS = [b"\r\n", b"\n", b"\r", b"", b"\r\n\r\n", b"\n\r\n", b"xx", b" \r\n", b"\r\n ", b"\r\n-", b"\r\n0x"]
LAST_CHUNKS = [
    b"0\n\r\n", b"0\r\r\n", b"0\r\n\n", b"0\n\n", b"0\r\n\r", b"0\r\n", b"0\r\n\r\r\n", b"0\r\n \r\n",
    b"0\r\n\x00\r\n", b"0\r\n\r\n\r\n", b"0\r\n\r\n\n", b"0", b"0;a\r\n\r\n", b"0;a\n\r\n", b"0 \r\n\r\n",
    b"0\r\na: b\r\n\r\n", b"0\r\na: b\n\r\n", b"0\r\na: b\n\n", b"0\r\na: b\r\n\n", b"0\r\na: b\r\r\n\r\n",
    b"0\r\na: b\r\n c\r\n\r\n", b"0\r\na\r\n\r\n", b"0\r\na : b\r\n\r\n", b"0\r\n: b\r\n\r\n", b"0\r\n a: b\r\n\r\n",
    b"0\r\na: b\x00\r\n\r\n", b"0\r\na: b\rc\r\n\r\n", b"0\r\na: b\r\n\r", b"0\r\na: b\r\n",
    b"0\r\nContent-Length: 5\r\n\r\n", b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"0\r\nHost: other\r\nConnection: close\r\n\r\n", b"0\r\n\nX: y\r\n\r\n", b"0\r\n\n\r\n\r\n", b"00\n\r\n",
    b"0;\r\r\n\r\n",
]
CHUNKS = [
    b"0\r\n\r\n", b"00\r\n\r\n", b"00000000000000000\r\n\r\n", b"0\r\n\r\n0\r\n\r\n",
    b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"5;a=b\r\nhello\r\n6;c\r\n world\r\n0;d\r\ne: f\r\n\r\n",
    b"5\r\nhello\n6\r\n world\r\n0\r\n\r\n",
]
REQUEST_LINES = [
    b"@M @T HTTP/1.0\r\n", b"@M @T HTTP/1.2\r\n", b"@M @T HTTP/1.9\r\n", b"@M @T HTTP/2.0\r\n", b"@M @T HTTP/0.9\r\n",
    b"@M @T http/1.1\r\n", b"@M @T HTTP/1.1 \r\n", b"@M @T HTTP/1.1\t\r\n", b"@M @T  HTTP/1.1\r\n",
    b"@M  @T HTTP/1.1\r\n", b"@M\t@T HTTP/1.1\r\n", b"@M @T\tHTTP/1.1\r\n", b"@M\x0b@T HTTP/1.1\r\n",
    b"@M @T\x0cHTTP/1.1\r\n", b" @M @T HTTP/1.1\r\n", b"\t@M @T HTTP/1.1\r\n", b"\r\n@M @T HTTP/1.1\r\n",
    b"\n@M @T HTTP/1.1\r\n", b"\r\n\r\n@M @T HTTP/1.1\r\n", b"\r@M @T HTTP/1.1\r\n", b"\x00@M @T HTTP/1.1\r\n",
    b"@M @T HTTP/1.1\n", b"@M @T HTTP/1.1\r", b"@M @T HTTP/1.1\r\r\n", b"@M @T HTTP/1.10\r\n", b"@M @T HTTP/01.1\r\n",
    b"@M @T HTTP/1.01\r\n", b"@M @T HTTP/11\r\n", b"@M @T HTTP/1,1\r\n", b"@M @T HTTP/1.1 HTTP/1.0\r\n",
    b"@M @T HTTP/1.0 HTTP/1.1\r\n", b"@M @T x HTTP/1.1\r\n", b"@M @T\r\n", b"@M @T \r\n", b"@M HTTP/1.1\r\n",
    b"@M http://@A@T HTTP/1.1\r\n", b"@M HTTP://@A@T HTTP/1.1\r\n", b"@M http://other@T HTTP/1.1\r\n",
    b"@M //@A@T HTTP/1.1\r\n", b"@M http:/@T HTTP/1.1\r\n", b"@M https://@A@T HTTP/1.1\r\n", b"@M @A HTTP/1.1\r\n",
    b"@M * HTTP/1.1\r\n", b"@M @T#f HTTP/1.1\r\n", b"@M ? HTTP/1.1\r\n", b"@M @T\xff HTTP/1.1\r\n",
    b"@M @T\x00 HTTP/1.1\r\n", b"@M @T%0d%0a HTTP/1.1\r\n", b"@M \\@T HTTP/1.1\r\n", b"@M @T XTTP/1.1\r\n",
    b"@M @T ICE/1.0\r\n", b"@M @T RTSP/1.0\r\n", b"@M: @T HTTP/1.1\r\n", b"@M/ @T HTTP/1.1\r\n",
    b"@M @T HTTP/1.1\r\n \r\n", b"@M @T HTTP/1.1\r\n\r\n", b"@M @T HTTP/1.1\x0b\r\n",
]
METHODS = [
    b"GET", b"HEAD", b"DELETE", b"POST", b"OPTIONS", b"TRACE", b"PATCH", b"CONNECT", b"put", b"PRI", b"QUERY",
    b"M-SEARCH", b"G\xc3\x89T", b"GE T", b"", b"P@T",
]
HOSTS = [
    b"", b"Host: @A\r\nHost: @A\r\n", b"Host: @A\r\nHost: other\r\n", b"Host: other\r\nHost: @A\r\n",
    b"Host: @A\r\nhost: @A\r\n", b"Host:\r\n", b"Host: @A, other\r\n", b"Host: @A @A\r\n", b"Host: @A\r\n other\r\n",
    b"Host : @A\r\n", b" Host: @A\r\n", b"Host: @A/\r\n", b"Host: @A?\r\n", b"Host: @A#x\r\n", b"Host: x@@A\r\n",
    b'Host: "@A"\r\n', b"Host: @A\x00\r\n", b"Host: @A\x0b\r\n", b"Host: @A\xff\r\n", b"Host: @A:1:2\r\n",
    b"Host:@A\r\n", b"Host:\t@A\t\r\n", b"Host: [::1\r\n", b"X-Forwarded-Host: other\r\nHost: @A\r\n",
]
CONNECTIONS = [
    b"close", b"keep-alive", b"close, keep-alive", b"keep-alive, close", b"Close", b"close,",
    b"close\r\nConnection: keep-alive", b"keep-alive\r\nConnection: close", b"content-length", b"transfer-encoding",
    b"close, content-length", b"upgrade\r\nUpgrade: h2c",
    b"Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__", b"Upgrade\r\nUpgrade: websocket",
    b"host", b"te\r\nTE: trailers", b"", b"close;a=b", b'"close"', b"x-close", b"close\x0c",
]
EXPECTATIONS = [
    b"100-continue", b"100-Continue", b" 100-continue ", b"100-continue, x", b"x", b"",
    b"100-continue\r\nExpect: 100-continue", b"200-ok", b'"100-continue"',
]
HEAD_ENDS = [
    b"\r\n", b"\n", b"\r", b"\r\r\n", b" \r\n", b"\t\r\n", b"\x00\r\n", b"\r\n\n", b"\n\r\n", b"X\r\n\r\n",
    b"X: y\n\n", b"X: y\r\n\n", b"X: y\n\r\n", b"X: y\r\r\n\r\n", b"X: y\r\n\r", b":\r\n\r\n", b"=\r\n\r\n",
    b" X: y\r\n\r\n",
]
BETWEEN = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b" ", b"\t", b"\x00", b"\r\n ", b"0\r\n\r\n", b"x", b"x\r\n\r\n",
    b"\x0b", b"\r\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"GET", b"\xef\xbb\xbf",
]
# What a mutation writes.
BYTES = [
    b"\r", b"\n", b"\r\n", b"\x00", b" ", b"\t", b"\x0b", b"\x0c", b":", b";", b",", b"0", b"1", b"b", b"\x7f",
    b"\x80", b"\xa0", b"\xff", b'"', b"\\", b"-", b"+", b"x", b"\r\n ", b"\r\n\r\n",
]


@dataclasses.dataclass
class Case:
    group: str
    # Everything up to the hidden request, and what comes after it but the last request.
    first: bytes
    tail: bytes = HIDDEN
    # The first request carries a signature, so that its body is read and stored; else it is refused with its body unread.
    signed: bool = True
    # Every reader must see three requests.
    honest: bool = False

    def bytes(self, target, authority, hidden, last):
        """As it is sent."""
        whole = self.first.replace(TARGET, target).replace(AUTHORITY, authority) + self.tail
        return whole.replace(HIDDEN, hidden) + last

    def method(self):
        """The method of the first request."""
        return self.first.lstrip(b"\r\n").partition(b" ")[0]


def message(fields, body, line=b"@M @T HTTP/1.1\r\n", method=b"PUT", host=b"Host: @A\r\n", end=b"\r\n"):
    line = line.replace(b"@M", method).replace(b"@T", TARGET).replace(b"@A", AUTHORITY)
    return line + host.replace(b"@A", AUTHORITY) + fields + end + body


def number(form, length):
    """A length in one of its forms."""
    return form.replace(b"%%", b"%").replace(b"%d", b"%d" % length).replace(b"%x", b"%x" % length)


def field(name, value, shape=b"%s:", end=b"\r\n"):
    return shape.replace(b"%s", name) + (b" " if value[:1] not in b" \t\r" else b"") + value + end


def cases(hidden_length):
    """All of them. `hidden_length`: bytes of the hidden request."""
    draw = random.Random(20240607)
    made = list(_made(draw, hidden_length))
    seen = set()
    for case in made:
        # Half a mutation is none.
        if (case.first, case.tail, case.signed) not in seen:
            seen.add((case.first, case.tail, case.signed))
            yield case


def _made(draw, hidden_length):
    plain, chunked = field(LENGTH, b"11"), field(CODING, b"chunked")
    with_hidden = len(PLAIN) + hidden_length
    # The same hidden request as the data of a chunk, which one who counts with Content-Length takes for a request.
    size = b"%x\r\n" % hidden_length
    wrapped = size + HIDDEN + b"\r\n0\r\n\r\n"
    framings = [(plain, PLAIN), (chunked, CHUNKED), (b"", b""), (field(LENGTH, b"0"), b"")]

    for signed in (True, False):
        for fields, body in framings:
            # Whether a connection outlives chunks that nobody read, is the server's choice.
            yield Case("honest", message(fields, body), signed=signed, honest=signed or body is not CHUNKED)

    for shape in NAMES:
        for form in LENGTHS if shape == b"%s:" else draw.sample(LENGTHS, 8) + [b"%d"]:
            for length in (len(PLAIN), with_hidden):
                yield Case("length", message(field(LENGTH, number(form, length), shape), PLAIN), signed=draw.random() < 0.7)
            # No body, unless the field counts.
            yield Case("length", message(field(LENGTH, number(form, hidden_length), shape), b""), signed=draw.random() < 0.7)
        for value in CODINGS if shape == b"%s:" else draw.sample(CODINGS, 8) + [b"chunked"]:
            yield Case("coding", message(field(CODING, value, shape), CHUNKED), signed=draw.random() < 0.7)
            yield Case("coding", message(field(CODING, value, shape), wrapped), b"", signed=draw.random() < 0.7)
    for end in LINE_ENDS:
        for form in draw.sample(LENGTHS, 6) + [b"%d"]:
            yield Case("end", message(field(LENGTH, number(form, draw.choice([11, with_hidden])), end=end), PLAIN))
        for value in draw.sample(CODINGS, 6) + [b"chunked"]:
            yield Case("end", message(field(CODING, value, end=end), CHUNKED))
            yield Case("end", message(field(CODING, value, end=end) + plain, CHUNKED))

    lengths = [0, len(PLAIN), with_hidden]
    for _ in range(500):
        fields = b"".join(
            field(LENGTH, number(draw.choice(LENGTHS + [b"%d"] * 40), draw.choice(lengths)), draw.choice([b"%s:"] * 6 + NAMES))
            for _ in range(2 if draw.random() < 0.9 else 3)
        )
        yield Case("two lengths", message(fields, PLAIN), signed=draw.random() < 0.7)
    for _ in range(800):
        # Either the chunks end before the hidden request and the length after it, or the other way round.
        body, tail, ends = draw.choice(
            [
                (CHUNKED, HIDDEN, [0, len(CHUNKED), len(CHUNKED) + hidden_length]),
                (b"0\r\n\r\n", HIDDEN, [0, 5, 5 + hidden_length]),
                (wrapped, b"", [len(size), len(wrapped) - len(HIDDEN) + hidden_length]),
            ]
        )
        two = [
            field(LENGTH, number(draw.choice(LENGTHS + [b"%d"] * 50), draw.choice(ends)), draw.choice([b"%s:"] * 20 + NAMES)),
            field(CODING, draw.choice(CODINGS + [b"chunked"] * 20), draw.choice([b"%s:"] * 20 + NAMES)),
        ]
        draw.shuffle(two)
        version = draw.choice([b"@M @T HTTP/1.1\r\n"] * 8 + [b"@M @T HTTP/1.0\r\n"])
        yield Case("length and coding", message(b"".join(two), body, version), tail, draw.random() < 0.7)
    for _ in range(400):
        two = [field(CODING, draw.choice(CODINGS + [b"chunked"] * 20), draw.choice([b"%s:"] * 20 + NAMES)) for _ in range(2)]
        yield Case("two codings", message(b"".join(two), *draw.choice([(CHUNKED,), (b"0\r\n\r\n",)])), signed=draw.random() < 0.7)

    for signed in (True, False):
        bodies = [size + PLAIN + b"\r\n0\r\n\r\n" for size in SIZE_LINES]
        bodies += [b"b\r\n" + PLAIN + end + b"0\r\n\r\n" for end in DATA_ENDS]
        bodies += [b"b\r\n" + PLAIN + b"\r\n" + last for last in LAST_CHUNKS]
        for body in bodies + CHUNKS:
            yield Case("chunks", message(chunked, body), signed=signed)
        for extension in (b"a" * 300, b"a" * 20_000, b'"' * 200, b"=" * 200):
            yield Case("chunks", message(chunked, b"b;" + extension + b"\r\n" + PLAIN + b"\r\n0\r\n\r\n"), signed=signed)
        for line in REQUEST_LINES:
            for fields, body in framings:
                yield Case("request line", message(fields, body, line), signed=signed)
        for end in HEAD_ENDS:
            for fields, body in framings:
                yield Case("head end", message(fields, body, end=end), signed=signed)
        for between in BETWEEN:
            for fields, body in framings:
                yield Case("between", message(fields, body + between), signed=signed)
    for _ in range(300):
        before, after = draw.choice(SIZE_LINES + [b"b\r\n"] * 40), draw.choice(DATA_ENDS + [b"\r\n"] * 10)
        body = before + PLAIN + after + draw.choice(LAST_CHUNKS)
        yield Case("combined chunks", message(chunked, body), signed=draw.random() < 0.7)
    for host in HOSTS:
        for fields, body in framings:
            yield Case("host", message(fields, body, host=host))
        yield Case("host", message(chunked, CHUNKED, b"@M http://@A@T HTTP/1.1\r\n", host=host))
    for method in METHODS:
        for signed in (True, False):
            for fields, body in framings[:3]:
                yield Case("method", message(fields, body, method=method), signed=signed)
            yield Case("method", message(field(LENGTH, b"%d" % with_hidden), PLAIN, method=method), signed=signed)
            yield Case("method", message(chunked, wrapped, method=method), b"", signed)
    for value in CONNECTIONS:
        for fields, body in framings:
            for version in (b"@M @T HTTP/1.1\r\n", b"@M @T HTTP/1.0\r\n"):
                yield Case("connection", message(field(b"Connection", value) + fields, body, version))
    for value in EXPECTATIONS:
        for fields, body in framings:
            for version in (b"@M @T HTTP/1.1\r\n", b"@M @T HTTP/1.0\r\n"):
                yield Case("expect", message(field(b"Expect", value) + fields, body, version), signed=draw.random() < 0.5)

    for _ in range(1000):
        fields, body, tail = draw.choice(
            [(plain, PLAIN, HIDDEN), (chunked, CHUNKED, HIDDEN), (chunked, wrapped, b""), (plain + chunked, CHUNKED, HIDDEN)]
        )
        mutable = bytearray(field(b"X", b"y") + fields + b"\r\n" + body)
        for _ in range(draw.choice([1, 1, 1, 2, 3])):
            # Mostly within the fields and the first line of the body.
            at = draw.randrange(min(len(mutable), len(fields) + 20))
            # Written before it, written over it, or taken away.
            how = draw.randrange(3)
            mutable[at : at + (how > 0)] = draw.choice(BYTES) if how < 2 else b""
        yield Case("mutation", message(b"", bytes(mutable), end=b""), tail, draw.random() < 0.7)
