"""Who lives in the demo: a lamp shop and its customers, each with a real mailbox."""

from __future__ import annotations

from typing import Final

from hub.demo.doorman import User

DOMAIN: Final = "lantern.example"
PASSWORD: Final = "demo"  # noqa: S105 - every mailbox of the demo has it, on the loopback only

SUPPORT: Final = User(address=f"support@{DOMAIN}", password=PASSWORD, name="Lantern & Co.")
ORDERS: Final = User(address=f"orders@{DOMAIN}", password=PASSWORD, name="Lantern & Co. Orders")
SHOP: Final = (SUPPORT, ORDERS)


def _person(address: str, name: str) -> User:
    return User(address=address, password=PASSWORD, name=name)


ALICE: Final = _person("alice@home.example", "Alice Moreno")
BEN: Final = _person("ben@home.example", "Ben Okafor")
CARLA: Final = _person("carla@letters.example", "Carla Fischer")
DEV: Final = _person("dev.patel@letters.example", "Dev Patel")
ERIN: Final = _person("erin@office.example", "Erin Walsh")
LI_NA: Final = _person("lina@youjian.example", "李娜")
WANG_WEI: Final = _person("wangwei@youjian.example", "王伟")
CHEN_JING: Final = _person("chenjing@youjian.example", "陈静")
NEWS: Final = _person("news@trade.example", "Lighting Trade Weekly")
MALLORY: Final = _person("mallory@elsewhere.example", "M.")

CUSTOMERS: Final = (ALICE, BEN, CARLA, DEV, ERIN, LI_NA, WANG_WEI, CHEN_JING, NEWS, MALLORY)
EVERYONE: Final = (*SHOP, *CUSTOMERS)
