"""Is the sender proven? Only our own server's word counts: the topmost field of a trusted authserv-id (RFC 8601)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from channels.email.reading.addresses import SPEC, comment
from channels.email.reading.headers import Head, bare
from hub.domain.letters import Address, Authentication, normalised

RESULT = re.compile(r"([a-z][a-z0-9-]*)(?:/\d+)?\s*=\s*([a-z]+)\b", re.IGNORECASE)
PROPERTY = re.compile(
    r"([a-z]+)\s*\.\s*([a-z0-9-]+)\s*=\s*((?:\"(?:[^\"\\]|\\.)*\"|[^\s;\"])+)", re.IGNORECASE
)
"""The whole value: of `"v@victim.example"@attacker.example` the last domain counts."""
NO_POLICY = frozenset({"none", ""})


@dataclass(frozen=True, slots=True)
class Result:
    """One `method=result` with its properties, e.g. ("dkim", "pass", {"header.d": "example.com"})."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


def authenticated(
    head: Head, senders: tuple[Address, ...], odd: tuple[str, ...], trusted: frozenset[str]
) -> Authentication:
    """Proven when the From domain holds a pass of our own server. Anything odd about From: not proven."""
    if len(head.all("from")) != 1 or len(senders) != 1 or odd:
        return Authentication(why="the From field does not name exactly one plain address")
    if not SPEC.match(senders[0].address) or not senders[0].address.isascii():
        return Authentication(why="the From address is not a plain one")
    results = trusted_results(head, trusted)
    if results is None:
        return Authentication()
    return judged(results, domain_of(senders[0].address))


def trusted_results(head: Head, trusted: frozenset[str]) -> list[Result] | None:
    """The results of the topmost field that a trusted server signed with its name, and of that one only."""
    names = frozenset(name.lower() for name in trusted)
    for value in head.all("authentication-results"):
        server, _, rest = without_comments(bare(value)).partition(";")
        words = server.split()
        if words and words[0].lower() in names:
            return [result for each in pieces(rest) if (result := result_of(each))]
    return None


def judged(results: list[Result], domain: str) -> Authentication:
    """DMARC decides where it spoke; without a policy an aligned DKIM or SPF pass will do."""
    spoken = [each for each in results if each.method == "dmarc" and each.result not in NO_POLICY]
    if spoken:
        passed = all(each.result == "pass" and same(each, "header.from", domain) for each in spoken)
        said = ", ".join(sorted({each.result for each in spoken}))
        return Authentication(
            proven=passed, why=f"dmarc={said}" if passed else f"dmarc={said} is no proof for {domain}"
        )
    for each in results:
        if each.result == "pass" and aligned(each, domain):
            return Authentication(proven=True, why=f"{each.method}=pass for {domain}")
    return Authentication(why=f"no aligned pass for {domain}")


def same(result: Result, name: str, domain: str) -> bool:
    given = result.properties.get(name)
    return given is None or domain_of(given) == domain


def aligned(result: Result, domain: str) -> bool:
    """The signer or bounce domain is the From domain or one above it. (Below would need a public suffix list.)"""
    properties = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.mail")}.get(
        result.method, ()
    )
    given = [domain_of(result.properties[name]) for name in properties if name in result.properties]
    return any(domain == each or ("." in each and domain.endswith("." + each)) for each in given[:1])


def domain_of(address: str) -> str:
    """The domain in comparable form; a value without `@` is a domain already."""
    return normalised("x@" + address.strip().strip('"<>').rpartition("@")[2])[2:]


def result_of(text: str) -> Result | None:
    match = RESULT.match(text.strip())
    if match is None:
        return None
    found = {f"{m[1]}.{m[2]}".lower(): m[3].strip('"') for m in PROPERTY.finditer(text, 0)}
    return Result(match[1].lower(), match[2].lower(), found)


def pieces(text: str) -> list[str]:
    """Cut at semicolons outside quotes."""
    return re.findall(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+', text)


def without_comments(text: str) -> str:
    """The field without its comments, where a forger could write anything; quotes are left alone."""
    out: list[str] = []
    at = 0
    while (match := re.compile(r'"(?:[^"\\]|\\.)*"?|\(').search(text, at)) is not None:
        out.append(text[at : match.start()])
        if match[0] == "(":
            _, at = comment(text, match.end())
            out.append(" ")
        else:
            out.append(match[0])
            at = match.end()
    return "".join([*out, text[at:]])
