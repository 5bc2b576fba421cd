"""Dovecot and Exim from Debian's packages, without root, on the loopback: the mail servers most companies run.

`DovecotExim` answers to the same questions as `hub.demo.mailserver.MailServer`.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from grp import getgrgid
from pathlib import Path
from pwd import getpwuid

from hub.demo.certificates import papers_in
from hub.demo.doorman import User
from tests.conftest import skip_without

NOBODY = 65534
PATIENCE = 15.0

DOVECOT = """
protocols = imap lmtp
base_dir = {here}/run
state_dir = {here}/state
log_path = {here}/dovecot.log
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_uid = {user}
mail_gid = {group}
mail_location = maildir:~/Maildir
ssl = yes
ssl_cert = <{here}/papers/server.pem
ssl_key = <{here}/papers/server.key
auth_mechanisms = plain login
recipient_delimiter = +
passdb {{
  driver = passwd-file
  args = username_format=%u {here}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {here}/users
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imap_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
"""

# The data ACL writes what `hub.demo.postmark.judge` writes: pass only when the login owns the From address.
EXIM = r"""
exim_user = {user}
exim_group = {group}
never_users =
deliver_drop_privilege = true
primary_hostname = {authserv_id}
spool_directory = {here}/spool
log_file_path = {here}/log/%slog
pid_file_path = {here}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {smtp_port}
tls_advertise_hosts = *
tls_certificate = {here}/papers/server.pem
tls_privatekey = {here}/papers/server.key
auth_advertise_hosts = *
smtputf8_advertise_hosts = *
host_lookup =
rfc1413_hosts =
check_spool_space = 0
check_log_space = 0
message_size_limit = 64M
acl_smtp_rcpt = rcpt
acl_smtp_data = data
OWNER = ${{lc:${{sg{{$local_part}}{{\N\+.*$\N}}{{}}}}@$domain}}
AUTHOR = ${{lc:${{address:$h_From:}}}}

begin acl
rcpt:
  deny message = 5.1.1 No such mailbox here
       condition = ${{lookup{{OWNER}}lsearch{{{here}/passwords}}{{no}}{{yes}}}}
  accept

data:
  warn remove_header = Authentication-Results
  warn condition = ${{if and{{{{def:authenticated_id}}{{eqi{{$authenticated_id}}{{AUTHOR}}}}}}}}
       set acl_m_dmarc = pass
  warn condition = ${{if !eq{{$acl_m_dmarc}}{{pass}}}}
       set acl_m_dmarc = ${{lookup{{${{domain:AUTHOR}}}}lsearch{{{here}/domains}}{{fail}}{{none}}}}
  warn add_header = :at_start:Authentication-Results: {authserv_id}; auth=${{if def:authenticated_id{{pass smtp.auth=$authenticated_id}}{{none}}}}; dmarc=$acl_m_dmarc header.from=${{domain:AUTHOR}}
  accept

begin routers
all:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = dovecot

begin transports
dovecot:
  driver = smtp
  protocol = lmtp
  port = {lmtp_port}
  allow_localhost
  hosts_avoid_tls = *

begin retry
* * F,1h,1s

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{${{lookup{{$auth2}}lsearch{{{here}/passwords}}{{$value}}fail}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if eq{{$auth2}}{{${{lookup{{$auth1}}lsearch{{{here}/passwords}}{{$value}}fail}}}}}}
  server_set_id = $auth1
"""


@dataclass(frozen=True)
class DovecotExim:
    """A running pair."""

    here: Path
    smtp_port: int
    imap_port: int
    ca_pem: str
    authserv_id: str
    dovecot_pid: int

    async def letters(self, address: str) -> list[bytes]:
        """Every letter in somebody's INBOX, oldest first, with CRLF as on the wire."""
        folder = self.here / "homes" / address / "Maildir"
        paths = [path for part in ("new", "cur") for path in folder.glob(f"{part}/*")]
        return [
            path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            for path in sorted(paths, key=lambda path: path.name)
        ]


@contextmanager
def dovecot_exim(users: Sequence[User], domain: str = "shop.example") -> Iterator[DovecotExim]:
    """The pair, up and answering, for as long as the block lasts. Skips the test when either is not installed."""
    dovecot, exim = skip_without("dovecot"), skip_without("exim4")
    here = Path(tempfile.mkdtemp(prefix="amends-mail-"))
    try:
        rig = _prepare(here, users, domain)
        _give_away(here)
        with (
            _program(dovecot, "-F", "-c", str(here / "dovecot.conf")) as pid,
            _program(exim, "-C", str(here / "exim.conf"), "-bdf", "-q5s"),
        ):
            for port in (rig.smtp_port, rig.imap_port):
                _wait_for(port, here)
            yield DovecotExim(**{**rig.__dict__, "dovecot_pid": pid})
    finally:
        shutil.rmtree(here, ignore_errors=True)


def _prepare(here: Path, users: Sequence[User], domain: str) -> DovecotExim:
    smtp_port, imap_port, lmtp_port = _free_ports(3)
    rig = DovecotExim(
        here=here, smtp_port=smtp_port, imap_port=imap_port, authserv_id=f"mail.{domain}",
        ca_pem=papers_in(here / "papers").ca, dovecot_pid=0,
    )  # fmt: skip
    words = {**rig.__dict__, "lmtp_port": lmtp_port, "user": _user(), "group": _group()}
    for name in ("run", "state", "spool", "log", "homes"):
        (here / name).mkdir()
    (here / "dovecot.conf").write_text(DOVECOT.format(**words))
    (here / "exim.conf").write_text(EXIM.format(**words))
    homes = here / "homes"
    (here / "users").write_text(
        "".join(f"{user.address}:{{PLAIN}}{user.password}::::{homes / user.address}::\n" for user in users)
    )
    (here / "passwords").write_text("".join(f"{user.address}: {user.password}\n" for user in users))
    domains = {user.address.rpartition("@")[2] for user in users}
    (here / "domains").write_text("".join(f"{name}: ours\n" for name in sorted(domains)))
    return rig


def _give_away(here: Path) -> None:
    """As root the pair runs as nobody; Exim wants a configuration that only its owner can write."""
    for path in (here, *here.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)


@contextmanager
def _program(*command: str) -> Iterator[int]:
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    started = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, cwd="/", **who,
    )  # fmt: skip
    try:
        yield started.pid
    finally:
        started.send_signal(signal.SIGCONT)
        started.terminate()
        try:
            started.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait(5)


def _wait_for(port: int, here: Path) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    logs = [
        path.read_text(errors="replace")
        for path in (here / "dovecot.log", *here.glob("log/*"))
        if path.exists()
    ]
    raise AssertionError("the mail servers did not start:\n" + "\n".join(logs)[-4_000:])


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _user() -> str:
    return getpwuid(NOBODY if os.geteuid() == 0 else os.geteuid()).pw_name


def _group() -> str:
    return getgrgid(NOBODY if os.geteuid() == 0 else os.getegid()).gr_name
