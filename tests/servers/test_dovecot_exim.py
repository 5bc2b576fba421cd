"""What only a server of another process can show: it stands still, and it goes away."""

import asyncio
import os
import signal

import pytest

from channels.email.wire import send
from hub.demo.doorman import User
from tests.contracts.test_mail_servers import ALICE, SUPPORT, Heard, letter, listening, smtp
from tests.servers.dovecot_exim import dovecot_exim

pytestmark = pytest.mark.needs("dovecot", "exim4")


@pytest.fixture
def rig():
    with dovecot_exim([User(address=address, password="secret") for address in (SUPPORT, ALICE)]) as running:
        yield running


async def test_a_mail_server_that_stands_still_is_noticed_and_followed_again_when_it_wakes(rig):
    heard = Heard()
    async with listening(rig, heard=heard, timeout=1, poll_seconds=0.5):
        os.killpg(rig.dovecot_pid, signal.SIGSTOP)
        try:
            await heard.until(lambda: heard.notes[-1].state == "retrying")
            await asyncio.to_thread(os.killpg, rig.dovecot_pid, 0)
        finally:
            os.killpg(rig.dovecot_pid, signal.SIGCONT)
        await send(letter("awake"), ALICE, [SUPPORT], smtp(rig))
        await heard.until(lambda: heard.on_record(b"<awake@"))
        assert len(heard.on_record(b"<awake@")) == 1
