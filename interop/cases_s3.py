"""`get --origin s3://...` and presigned URLs against a stock S3 server that checks signatures."""

import pathlib

from harness import case, check, equal, same_file
from peers import Node
from s3_server import KEY_ID, REGION, SECRET, Proxy, S3, environment, header, presigned, refusal

MIB = 1 << 20
UNSET = dict.fromkeys((
    "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "")


class World:
    """A film in a bucket, its hash, and a way to fetch it with any key from any endpoint."""

    def __init__(self, t, size=3 * MIB + 77, key="film.bin"):
        self.t, self.s3 = t, S3(t)
        self.film = t.file("film.bin", size)
        self.publisher = Node(t, "publisher")
        self.hash = self.publisher.add(self.film)[0]["blake3"]
        self.url = self.s3.put(self.film, key)
        self.tries = 0

    def outboard(self):
        return next(pathlib.Path(self.publisher.data).glob("blobs/*/*.obao4"))

    def get(self, url=None, env=None, options=(), timeout=60):
        """A new node each time. The result, and where the file went."""
        self.tries += 1
        out = self.t.path(f"out-{self.tries}")
        env = UNSET | (environment(self.s3.endpoint) if env is None else env)
        node = Node(self.t, f"getter-{self.tries}", env=env)
        result = node.get(self.hash, "--origin", url or self.url, "--explain", "-o", out, *options, timeout=timeout)
        check(SECRET not in result.out + result.err, "the secret was printed")
        return result, out

    def got(self, **how):
        result, out = self.get(**how)
        result.expect(0)
        same_file(self.film, out)
        return result

    def refused(self, line, code=3, **how):
        """Fails, says `line`, and leaves nothing."""
        result, out = self.get(**how)
        result.expect(code)
        check(line in result.out + result.err, f"no {line!r} in {result}")
        check(not out.exists(), f"{out} was written")
        return result


@case("bin", "s3")
def s3_right_key(t):
    """Key from the environment; from a credentials file; the object is read once."""
    world = World(t)
    world.got()
    credentials = t.path("credentials")
    credentials.write_text(f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    world.got(env={"ARCHIPELAGO_S3_ENDPOINT": world.s3.endpoint, "ARCHIPELAGO_S3_REGION": REGION,
                   "ARCHIPELAGO_S3_CREDENTIALS_FILE": str(credentials)})


@case("bin", "s3")
def s3_wrong_keys(t):
    """Wrong secret, unknown id, wrong region, no key at all: refused by the server, with its reason in one line."""
    world = World(t)
    at = world.s3.endpoint
    world.refused("SignatureDoesNotMatch", env=environment(at, secret=SECRET[:-1] + "Z"))
    world.refused("origin answers 40", env=environment(at, key_id="AKIDNOBODY"))
    world.refused("signed for another region", env=environment(at, region="eu-west-8"))
    world.refused("AccessDenied", env={"AWS_ENDPOINT_URL": at})
    world.got()


@case("bin", "s3")
def s3_presigned(t):
    """A presigned URL needs no key; expired, changed or signed with another secret it is refused."""
    world = World(t)
    at = world.s3.endpoint
    world.got(url=presigned(at, "films", "film.bin"), env={})
    world.refused("expired", url=presigned(at, "films", "film.bin", seconds=10, ago=60), env={})
    world.refused("SignatureDoesNotMatch", url=presigned(at, "films", "film.bin", secret="other"), env={})
    world.s3.put(world.film, "other.bin")
    moved = presigned(at, "films", "film.bin").replace("film.bin", "other.bin")
    world.refused("SignatureDoesNotMatch", url=moved, env={})


@case("bin", "s3", limit=120)
def s3_odd_keys(t):
    """Keys with every kind of character, from s3:// and presigned."""
    world = World(t, size=50_000)
    for key in ("a b.bin", "%20+%2F.bin", "ü/ñ 😀.bin", "~$&=@:,;!'()*?#[]|<>^`{}\"\\.bin", "deep/er/dir/x", ".hidden", "a..b"):
        url = world.s3.put(world.film, key)
        world.got(url=url)
        world.got(url=presigned(world.s3.endpoint, "films", key), env={})


@case("bin", "s3")
def s3_missing(t):
    """No such key, no such bucket: not found, said so."""
    world = World(t)
    world.refused("NoSuchKey", url="s3://films/none.bin")
    world.refused("NoSuchBucket", url="s3://nothing-here/film.bin")
    world.refused("s3://BUCKET/KEY", code=2, url="s3://films")


@case("bin", "s3")
def s3_sidecar(t):
    """With `<key>.obao4` beside it each 16 KiB is verified as it comes: a lie is named by its place."""
    size = 12 * MIB
    world = World(t, size=size)

    proxy = Proxy(t, world.s3.port)

    def flip(number, head, body):
        if ".obao4" in proxy.requests[number].split("\r\n")[0] or len(body) < MIB:
            return head, body, "whole"
        return head, body[:-5000] + bytes([body[-5000] ^ 1]) + body[-4999:], "whole"

    proxy.spoil = flip
    env = environment(proxy.endpoint)
    world.refused("", code=5, env=env)
    world.s3.put(world.outboard(), "film.bin.obao4")
    world.refused(f"wrong bytes at {(size - 5000) // 16384 * 16384}", code=5, env=env)
    world.got()
    signed = [head for head in proxy.requests if ".obao4" in head.split("\r\n")[0]]
    check(signed and all(header(head, "authorization") for head in signed), "the sidecar was asked for unsigned")


@case("bin", "s3", limit=120)
def s3_resumes(t):
    """A connection that breaks is resumed by a signed Range, from where it broke off."""
    world = World(t, size=6 * MIB)
    proxy = Proxy(t, world.s3.port)

    def spoil(number, head, body):
        if len(body) > 2 * MIB:
            return head, body[:2 * MIB], "cut"
        return head, body, "whole"

    proxy.spoil = spoil
    world.got(env=environment(proxy.endpoint))
    films = [head for head in proxy.requests if ".obao4" not in head.split("\r\n")[0]]
    resumed = [header(head, "range") for head in films if header(head, "range")]
    check(f"bytes={2 * MIB}-" in resumed and f"bytes={4 * MIB}-" in resumed, f"ranges {resumed}")
    check(all(header(head, "authorization") for head in films), "a range was asked for unsigned")


@case("bin", "s3", limit=180)
def s3_faults(t):
    """500 and SlowDown pass; wrong bytes, lengths and encodings are caught; a stall ends."""
    world = World(t)
    proxy = Proxy(t, world.s3.port)
    env = environment(proxy.endpoint)

    def at_first(count, answer):
        left = [count]

        def spoil(number, head, body):
            if ".obao4" in proxy.requests[number].split("\r\n")[0] or left[0] == 0:
                return head, body, "whole"
            left[0] -= 1
            return answer(head, body)
        return spoil

    for status, code in ((500, "InternalError"), (503, "SlowDown"), (503, "ServiceUnavailable")):
        proxy.spoil = at_first(2, lambda head, body: (*refusal(status, code), "whole"))
        world.got(env=env)
    proxy.spoil = at_first(-1, lambda head, body: (*refusal(503, "SlowDown"), "whole"))
    world.refused("SlowDown (too many requests)", env=env)
    proxy.spoil = at_first(-1, lambda head, body: (head, b"x" + body[1:], "whole"))
    world.refused("", code=5, env=env)
    proxy.spoil = at_first(-1, lambda head, body: (head, body[:1000], "cut"))
    world.refused("", env=env)
    proxy.spoil = at_first(-1, lambda head, body: (head + b"\r\nContent-Encoding: gzip", body, "whole"))
    world.refused("", code=(3, 5), env=env)
    proxy.spoil = at_first(1, lambda head, body: (head, body[:100_000], "stall"))
    world.got(env=env, timeout=90)


@case("bin", "s3")
def s3_redirects_are_not_followed(t):
    """A server that sends elsewhere gets no signature there: nothing is sent there at all."""
    world = World(t)
    elsewhere = Proxy(t, world.s3.port)
    proxy = Proxy(t, world.s3.port, lambda number, head, body: (
        f"HTTP/1.1 307 X\r\nLocation: {elsewhere.endpoint}/films/film.bin\r\nContent-Length: 0\r\nConnection: close".encode(),
        b"", "whole"))
    world.refused("redirects are not followed", env=environment(proxy.endpoint))
    equal(elsewhere.requests, [], "requests at the other host")
    equal(len([head for head in proxy.requests if header(head, "authorization")]) > 0, True, "signed at the first host")
