"""Request smuggling: the same bytes for the server and for other readers of HTTP, and then through proxies.

Two programs that disagree where a message ends take the rest of it for different things, and what one client wrote becomes
the beginning of another client's request. So the server must see the boundaries that whoever stands before it sees, or refuse the
message and end the connection. `framings` makes the messages, `readings` asks the readers, `proxies` starts the proxies.
"""

import collections
import hashlib
import http.client
import os
import re
import urllib.request

import pytest

import framings
import handmade
import proxies
import readings
import sdk
import server
import wire

AUTHORITY = f"127.0.0.1:{server.PORT}".encode()
LAST = b"the last object"
VICTIM = b"the victim's object"
ALL_THREE = ["first", "hidden", "last"]
# Readers, and in how many cases each must have read something else than the server, at least: with fewer, the cases would have
# lost their edge.
REFERENCES = {"h11": 100, "go": 100, "node": 100, "node-lenient": 100, "python": 1000}
# RFC 9112 §6.1 leaves one choice: length and chunks in one message may be read by the chunks alone, if the connection ends with
# it.
BOTH = re.compile(rb"(?is)content-length.*transfer-encoding|transfer-encoding.*content-length")
# What a reference reads against the standard, and so that nothing can follow on the connection.
FAULTS = {
    # A tab after the coding is no part of it (RFC 9112 §5). Node's lenient mode takes it for another coding, and all that ever
    # comes for the body.
    "node-lenient": re.compile(rb"chunked *\t[ \t]*\r?\n"),
}


def needs(program):
    """Skips what needs a program that is missing; where everything must run, that is a failure."""
    if proxies.find(program) is None:
        if os.environ.get("FOSSE_E2E_STRICT") == "1":
            pytest.fail(f"{program} not found")
        pytest.skip(f"{program} not found")


def target(method, bucket, key):
    """Path and query of a signed URL."""
    return wire.split(handmade.url(bucket, key, handmade.v4_query(method, bucket, key, 3600)))[2].encode()


def request(method, bucket, key, fields=b""):
    return method.encode() + b" " + target(method, bucket, key) + b" HTTP/1.1\r\nHost: " + AUTHORITY + b"\r\n" + fields + b"\r\n"


def hidden(bucket, key):
    """A request that makes an object, if it is taken for one."""
    return request("PUT", bucket, f"hidden/{key}", b"Content-Length: 0\r\n")


def messages(bucket, group, wanted=lambda number, case: True):
    """The cases with their numbers and as they are sent; that of number N hides a request that makes `hidden/GROUP/N`."""
    last = request("GET", bucket, "last", b"Connection: close\r\n")
    unsigned = f"/{bucket}/first".encode()
    signed = {method: target(method.decode("latin-1"), bucket, "first") for method in (*framings.METHODS, b"PUT")}
    made = []
    for number, case in enumerate(framings.cases(len(hidden(bucket, f"{group}/00000")))):
        if wanted(number, case):
            first = signed.get(case.method(), signed[b"PUT"]) if case.signed else unsigned
            made.append((number, case, case.bytes(first, AUTHORITY, hidden(bucket, f"{group}/{number:05}"), last)))
    return made


def executed(bucket, group):
    """Numbers of the cases whose hidden request took effect."""
    client, prefix, found, marker = sdk.Oss2("v4"), f"hidden/{group}/", set(), ""
    while True:
        page = client.list(bucket, prefix=prefix, max_keys=1000, marker=marker)
        found |= {int(key[len(prefix) :]) for key in page.keys}
        if not page.truncated:
            return found
        marker = page.next


@pytest.fixture(scope="module")
def bucket():
    root, name = sdk.Oss2("v4"), "py-smuggling"
    root.make_bucket(name)
    root.put(name, "last", LAST)
    root.put(name, "victim", VICTIM)
    yield name
    while keys := root.list(name, max_keys=1000).keys:
        root.delete_many(name, keys)
    root.delete_bucket(name)


@pytest.fixture(scope="module")
def sent(bucket):
    return messages(bucket, "direct")


@pytest.fixture(scope="module")
def ours(sent):
    """The server's readings, in the order of the cases."""
    return readings.each(lambda one: by_the_server(readings.exchange(server.PORT, one[2]), one[1]), sent)


def by_the_server(received, case):
    """The reading of the server, from its answers."""
    seen = []
    answers = readings.replies(received, case.method() == b"HEAD")
    for place, answer in enumerate(answers):
        if "x-oss-request-id" not in answer.headers:
            # No HTTP to it, so nothing may come after it.
            assert answer is answers[-1] and answer.status >= 400, (case, answers)
            return [*seen, readings.Seen("refused")]
        etag = answer.headers.get("etag", "").strip('"').lower() if answer.status == 200 else ""
        if place == 0:
            what = "first"
        elif answer.body == LAST:
            what = "last"
        else:
            # What is signed for another method or target is refused, and its answer does not tell what it was.
            what = "hidden" if etag == hashlib.md5(b"").hexdigest() else "other"
        # Only what was stored says what was read.
        stored = etag and place == 0 and case.method() == b"PUT"
        seen.append(readings.Seen(what, etag if stored else None, answer.goes_on(), answer.status))
    return seen


def by_a_reference(name, sent, work):
    """The readings of a reference, in the order of the cases."""
    if name == "h11":
        return [readings.by_h11(data) for _, _, data in sent]
    name, _, lenient = name.partition("-")
    with readings.reference(name, work) as ports:
        port = ports[lenient or "strict"]
        return readings.each(lambda one: readings.told(readings.exchange(port, one[2]), one[1].method() == b"HEAD"), sent)


def difference(ours, theirs, data):
    """What somebody could gain behind a front end that reads `theirs`; `None` when there is nothing."""
    for place, (mine, other) in enumerate(zip(ours, theirs)):
        if mine.what == "refused":
            return None
        if place == 0 and other.what in ("hidden", "last"):
            return f"first for {other.what}"
        my_next, their_next = (reading[place + 1].what if place + 1 < len(reading) else None for reading in (ours, theirs))
        another_body = mine.body not in (None, other.body)
        if not another_body and (my_next == "refused" or their_next is None):
            return None
        # A server need not say that it ends the connection.
        goes_on = my_next is not None or mine.goes_on and readings.stays_open(server.PORT, data)
        if another_body and (goes_on or not BOTH.search(data)):
            return "another body"
        if not goes_on or my_next == "refused" or their_next is None:
            return None
        if my_next != their_next and (my_next, their_next) != ("other", "hidden"):
            return f"{my_next or 'waits for more'} for {their_next}"
    return None


def test_honest_messages_are_read_by_all(sent, ours):
    """Otherwise nothing that follows would tell anything."""
    assert len(sent) > 5000
    honest = [(case, reading) for (_, case, _), reading in zip(sent, ours) if case.honest]
    for case, reading in honest:
        assert [seen.what for seen in reading] == ALL_THREE, case
    bodies = {hashlib.md5(body).hexdigest() for body in (framings.PLAIN, b"")}
    assert {reading[0].body for _, reading in honest} == {None, *bodies}


def test_hidden_requests_take_effect_only_where_they_are_answered(bucket, sent, ours):
    """What took effect without an answer would be seen by nobody."""
    answered = {number for (number, _, _), reading in zip(sent, ours) if "hidden" in [seen.what for seen in reading]}
    assert executed(bucket, "direct") == answered
    # Neither always nor never.
    assert 100 < len(answered) < len(sent) / 2


def test_a_refusal_ends_the_connection(sent, ours):
    """Also when the client has more to say."""
    refused = [data for (_, _, data), reading in zip(sent, ours) if reading and reading[-1].what == "refused"]
    assert len(refused) > 1000
    assert not any(readings.each(lambda data: readings.stays_open(server.PORT, data), refused[::7]))


def test_a_connection_that_ends_is_not_offered_again(bucket):
    """A proxy would keep it, and lose the next client's request on it."""
    upgrade = b"Connection: upgrade\r\nUpgrade: h2c\r\n"
    for version, fields in [(b"1.0", b""), (b"1.0", upgrade), (b"1.1", b"Connection: close\r\n")]:
        data = request("GET", bucket, "last", fields).replace(b" HTTP/1.1\r\n", b" HTTP/" + version + b"\r\n")
        (answer,) = readings.replies(readings.exchange(server.PORT, data + request("GET", bucket, "victim")))
        assert answer.body == LAST and not answer.goes_on(), (version, fields, answer.headers)


@pytest.mark.parametrize("name", REFERENCES)
def test_the_server_sees_the_boundaries_that_others_see(sent, ours, name, tmp_path):
    if name != "h11":
        needs(name.replace("python", "python3"))
    differing, gains = 0, collections.defaultdict(list)
    for (number, case, data), mine, theirs in zip(sent, ours, by_a_reference(name, sent, tmp_path)):
        if case.honest:
            assert [seen.what for seen in theirs] == ALL_THREE, case
        differing += [seen.what for seen in mine if seen.what != "refused"] != [seen.what for seen in theirs]
        if name in FAULTS and FAULTS[name].search(data) and len(theirs) == 1:
            continue
        if gain := difference(mine, theirs, data):
            gains[gain].append(f"  {number}, {case.group}: {case.first[-150:]}\n    {mine}\n    {theirs}")
    assert differing >= REFERENCES[name]
    if gains:
        pytest.fail("\n".join(line for gain, cases in gains.items() for line in [f"{gain}: {len(cases)}", *cases[:10]]), False)


def answered():
    """How many requests the server has answered."""
    with urllib.request.urlopen(server.ADMIN + "/metrics", timeout=10) as response:
        text = response.read().decode()
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in text.splitlines() if line.startswith("fosse_requests_total{"))


@pytest.mark.parametrize("name", proxies.ALL)
def test_a_proxy_and_the_server_see_the_same_requests(bucket, name, tmp_path):
    """Cases through a proxy, and after each somebody else's request through the same one, which takes the same connection."""
    if name != "careless":
        needs(name)
    before = answered()
    victim = target("GET", bucket, "victim").decode()
    cases = messages(bucket, name, lambda number, case: number % 7 == 0 or case.group in ("honest", "chunks"))
    with proxies.start(name, tmp_path) as proxy:
        conn = wire.connection(f"127.0.0.1:{proxy.port}")
        for number, case, data in cases:
            readings.exchange(proxy.port, data)
            # The second would get what the first left behind.
            for _ in range(2):
                try:
                    answer = wire.exchange(conn, "GET", victim)
                except (http.client.HTTPException, OSError) as lost:
                    pytest.fail(f"after {number}, {case}: {lost!r}", False)
                assert (answer.status, answer.body) == (200, VICTIM), (number, case)
        conn.close()
    after = answered() - before
    seen = proxy.seen()
    answers = [line.request_id for line in seen if line.request_id]
    assert len(set(answers)) == len(answers)
    # Of what a proxy gave up on, the server may have seen a part.
    assert len(answers) <= after <= sum(line.handed_on for line in seen)
    as_requests = {int(found[1]): line.status for line in seen if (found := re.search(rf"/hidden/{name}/(\d+)\?", line.target))}
    assert executed(bucket, name) == {number for number, status in as_requests.items() if status == 200}
    # The honest ones, and not all.
    assert 50 < len(as_requests) < len(cases)
