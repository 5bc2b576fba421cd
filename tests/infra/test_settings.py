"""Every wrong setting is told by name, with what was found and what to write instead."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from infra.settings import (
    ConfigurationError,
    Settings,
    load_settings,
    parse_settings,
    password_of,
    settings_reference,
)

HOME = {"HOME": "/home/ana"}
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"

MAILBOX = """
[[mailbox]]
name = "support"
address = "support@shop.example"
"""


def parse(toml: str, environ: dict[str, str] | None = None, base: Path = Path("/srv/shop")) -> Settings:
    return parse_settings(tomllib.loads(toml), HOME | (environ or {}), base)


def problems(toml: str, environ: dict[str, str] | None = None, base: Path = Path("/srv/shop")) -> str:
    with pytest.raises(ConfigurationError) as refused:
        parse(toml, environ, base)
    return str(refused.value)


def test_nothing_set_is_a_working_hub_on_this_machine() -> None:
    settings = parse("")
    assert settings.address == "http://127.0.0.1:8025"
    assert settings.data.name == "amends-data"
    assert settings.master_key_file == Path("/home/ana/.config/amends/amends.key")
    assert settings.bot.acknowledge and settings.bot.max_letters_per_day == 3


def test_the_example_of_the_reference_page_is_valid(tmp_path: Path) -> None:
    example = settings_reference().split("```toml\n")[1].split("```")[0]
    secret = tmp_path / "password"
    secret.write_text("hunter2\n")
    secret.chmod(0o600)
    settings = parse(example.replace("/etc/amends/support.password", str(secret)))
    mailbox = settings.mailbox("support")
    assert mailbox and mailbox.imap and mailbox.smtp
    assert (mailbox.imap.host, mailbox.imap.port, mailbox.imap.user, mailbox.imap.folder, mailbox.imap.tls) == (
        "mail.shop.example", 993, "support", "INBOX", True,
    )  # fmt: skip
    assert (mailbox.smtp.security, mailbox.smtp.port) == ("starttls", 587)
    assert password_of(mailbox) == "hunter2"
    assert settings.form("contact") and settings.form("nobody") is None


def test_a_user_may_be_an_address_and_a_folder_may_be_deep() -> None:
    imap = (
        parse(MAILBOX + 'imap = "imaps://support%40shop.example@mail.example/INBOX/Help%20me"')
        .mailboxes[0]
        .imap
    )
    assert imap and (imap.user, imap.folder, imap.port) == ("support@shop.example", "INBOX/Help me", 993)


def test_the_environment_wins_over_the_file() -> None:
    settings = parse(
        'data = "here"\n[bot]\nacknowledge = true', {"AMENDS_DATA": "/there", "AMENDS_BOT_ACKNOWLEDGE": "no"}
    )
    assert settings.data == Path("/there") and not settings.bot.acknowledge


def test_relative_paths_start_from_the_files_folder(tmp_path: Path) -> None:
    (tmp_path / "amends.toml").write_text('data = "kept"\n')
    settings = load_settings(None, HOME | {"AMENDS_CONFIG": str(tmp_path / "amends.toml")})
    assert settings.data == tmp_path / "kept"


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("data = 5", "data is 5: Write the path"),
        ('workspace = "My Shop"', "workspace is 'My Shop': Write a short name"),
        ('listen = "8025"', "listen is '8025': Write host:port"),
        ('listen = "127.0.0.1:99999"', "Write host:port"),
        ('public_url = "desk.shop.example"', "Write the address that browsers use"),
        ('default_language = "fr"', "default_language is 'fr': Write \"en\" or \"zh\""),
        ("master_key_file = 1", "master_key_file is 1: Write the path"),
        ('workspce = "shop"', "workspce is no setting. Did you mean workspace?"),
        ("quux = 1", "quux is no setting. Take it out."),
        ("[bot]\nacknowledge = 3", "bot.acknowledge is 3: Write true or false."),
        ("[bot]\nmax_letters_per_day = 2.5", "bot.max_letters_per_day is 2.5: Write a whole number from 0 to 20."),
        ("bot = 1", "bot is 1: write it as a table."),
        ("[mailbox]\nname = 'a'", "write it as [[mailbox]]"),
        ("mailbox = [1]", "mailbox 1 is 1: write it as a table."),
        ("[[mailbox]]\nname = 'a'", "mailbox a.address is missing. The address customers write to."),
        ("[[mailbox]]\naddress = 'a@b'", "mailbox 1.name is missing."),
        ("[[mailbox]]\nname = 'a'\naddress = 'nobody'", "mailbox a.address is 'nobody': Write one e-mail address"),
        (MAILBOX + 'imap = "http://x"', "mailbox support.imap is 'http://x': Write imaps://"),
        (MAILBOX + 'imap = "imaps://user:hunter2@host"', "Take the password out of the address"),
        (MAILBOX + 'imap = "imap://user@mail.example"', "mailbox support.imap is an unencrypted line to mail.example"),
        (MAILBOX + 'smtp = "smtp://user@mail.example"', "use smtp+starttls://, or set insecure = true"),
        (MAILBOX + 'smtp = "mail.example"', "Write smtp+starttls://"),
        (MAILBOX + 'smtp = "smtps://user:hunter2@host"', "Take the password out of the address"),
        ('database_url = "mysql://x/y"', "Write postgresql://user@host:5432/database."),
        ('nats_url = "http://x"', "Write nats://host:4222"),
        ('nats_url = "nats://x:4222"', "only with database_url are there processes to hear of each other"),
        ('vault = "elsewhere"', "only with database_url may it lie outside the data folder"),
        ('database_url = "postgresql://hub@db"', "Write postgresql://user@host:5432/database."),
        ('database_url = "postgresql://hub:hunter2@db/hub"', "Take the password out of the address: put it into ~/.pgpass"),
        ('database_url = "postgresql://db/hub?password=hunter2"', "Take the password out of the address"),
        (MAILBOX + 'password = "hunter2"', "mailbox support.password must not stand in the settings."),
        (MAILBOX + 'password_file = "none.txt"', "There is no such file (/srv/shop/none.txt)"),
        (MAILBOX + 'password_env = "NOT_THERE"', "password_env names NOT_THERE, which is not set"),
        (MAILBOX + 'ca_file = "none.pem"', "There is no such file"),
        (MAILBOX + 'trusted_authserv_ids = "mx"', "Write a list of texts"),
        (MAILBOX + "undo_seconds = -1", "undo_seconds is -1: Write a number from 0 to 300."),
        (MAILBOX + "poll_seconds = true", "poll_seconds is True: Write a number from 1 to 3600."),
        (MAILBOX + MAILBOX, "Two have the mailbox 'support': give each its own."),
        (MAILBOX + MAILBOX.replace('"support"', '"sales"').replace("support@", "Support@"), "Two have the mailbox address"),
        ("[[form]]\nname = 'contact'\nmailbox = 'sales'", "form contact.mailbox is 'sales': no mailbox has that name"),
        (MAILBOX + "[[form]]\nname = 'c'\nmailbox = 'support'\nallowed_origins = ['*']", "Write a list of origins"),
        (MAILBOX + "[[form]]\nname = 'c'\nmailbox = 'support'\nmax_files = 99", "max_files is 99"),
        (MAILBOX + "[[form]]\nname = 'c'\nmailbox = 'support'\nmax_file_mb = 'big'", "max_file_mb is 'big'"),
        (MAILBOX + "[[form]]\nname = 'c'\nmailbox = 'support'\nrate_per_hour = 0", "rate_per_hour is 0"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told_with_the_way_out(toml: str, says: str) -> None:
    told = problems(toml)
    assert says in told
    assert "hunter2" not in told


def test_every_problem_is_told_at_once() -> None:
    assert len(problems('listen = "x"\npublic_url = "y"\n[bot]\nacknowledge = 3').splitlines()) == 3


def test_an_unencrypted_line_is_fine_on_this_machine_or_when_asked_for() -> None:
    assert parse(MAILBOX + 'smtp = "smtp://127.0.0.1:2525"').mailboxes[0].smtp
    assert parse(MAILBOX + 'insecure = true\nimap = "imap://u@10.0.0.7:143"').mailboxes[0].imap


def test_a_password_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("hunter2")
    (tmp_path / "pw").chmod(0o644)
    told = problems(MAILBOX + 'password_file = "pw"', base=tmp_path)
    assert "chmod 600" in told and "hunter2" not in told


def test_an_empty_password_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pw").touch(mode=0o600)
    assert "is empty" in problems(MAILBOX + 'password_file = "pw"', base=tmp_path)


def test_two_places_for_one_password_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("hunter2")
    (tmp_path / "pw").chmod(0o600)
    told = problems(MAILBOX + 'password_file = "pw"\npassword_env = "PW"', {"PW": "x"}, tmp_path)
    assert "keep one of them" in told


def test_a_changed_password_counts_without_a_restart() -> None:
    mailbox = parse(MAILBOX + 'password_env = "PW"', {"PW": "old"}).mailboxes[0]
    assert (password_of(mailbox, {"PW": "old"}), password_of(mailbox, {"PW": "new"})) == ("old", "new")
    assert "old" not in repr(mailbox)


def test_without_a_home_the_setting_for_the_master_key_is_named() -> None:
    with pytest.raises(ConfigurationError, match="AMENDS_MASTER_KEY_FILE"):
        parse_settings({}, {}, Path("/srv"))
    assert parse_settings({}, {"AMENDS_MASTER_KEY_FILE": "/safe/k"}, Path("/srv")).master_key_file == Path(
        "/safe/k"
    )


def test_a_file_that_is_missing_or_no_toml_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        load_settings(tmp_path / "none.toml", HOME)
    (tmp_path / "amends.toml").write_text("listen = ")
    with pytest.raises(ConfigurationError, match="is not TOML"):
        load_settings(tmp_path / "amends.toml", HOME)


def test_the_reference_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == settings_reference(), (
        "run: python -m infra.settings > docs/reference/settings.md"
    )
