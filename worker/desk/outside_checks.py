"""Checks that the world outside is as the settings say: accounts, senders and our own public address."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from re import fullmatch

from worker.desk.findings import Finding
from worker.domain.accounts import MAIN
from worker.domain.statuses import Channel
from worker.providers.account_questions import (
    AccountKeys,
    Entry,
    OwnNumber,
    find_number,
    knock_at_ourselves,
    knock_at_sendgrid,
    knock_at_twilio,
)
from worker.providers.one_question import Silence, Told
from worker.store import senders
from worker.store.connect import Engine, in_transaction

NUMBER = r"\+[1-9][0-9]{6,14}"
MOST_SENDERS = 20
"""That are asked for, each with a question of its own."""
INBOUND = "/callbacks/sms/inbound"


def sends_mail(engine: Engine) -> bool:
    """Return whether any campaign does: without one nobody needs an account for it.

    Raises:
        StoreUnavailable: the campaigns can't be read.
    """
    return bool(in_transaction(engine, senders.read, [Channel.EMAIL], 1))


def examine_accounts(keys: AccountKeys, *, mails: bool) -> tuple[Finding, Finding]:
    """Return whether Twilio and, if any mail is to be sent, SendGrid let us in; nobody is contacted."""
    twilio = _judge_entry(
        "Twilio", "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN", knock_at_twilio(keys)
    )
    if not mails:
        return twilio, Finding("SendGrid account", True, "not asked for: no campaign sends mail")
    return twilio, _judge_entry("SendGrid", "SENDGRID_API_KEY", knock_at_sendgrid(keys))


def examine_beside(account: str, channels: Collection[Channel], keys: AccountKeys) -> Finding:
    """Return whether an account beside the main one lets us in."""
    by_twilio = Channel.VOICE in channels
    whose = "Twilio" if by_twilio else "SendGrid"
    entry = knock_at_twilio(keys) if by_twilio else knock_at_sendgrid(keys)
    return _judge_entry(whose, f"accounts.{account}", entry, f"account {account} at {whose}")


def examine_named_accounts(
    engine: Engine, carried: Mapping[str, Collection[Channel]]
) -> Iterator[Finding]:
    """A finding for each account that campaigns name and nobody has told us of.

    Raises:
        StoreUnavailable: the campaigns can't be read.
    """
    advice = "add it to ACCOUNTS_FILE, or correct the campaigns' account"
    for account, channel in in_transaction(engine, senders.accounts_named):
        if account != MAIN and channel not in carried.get(account, ()):
            yield Finding(
                f"account {account}",
                False,
                f"campaigns name it, and it carries no {channel}",
                advice,
            )


def _judge_entry(whose: str, settings: str, entry: Entry, what: str = "") -> Finding:
    advice = {
        Entry.REFUSED: f"correct {settings}, or see whether the account is suspended",
        Entry.NARROW: f"give the key of {settings} the scope mail.send",
        Entry.ODD: f"see {whose}'s status page, and the address of its API in the settings",
        Entry.SILENT: f"let this host reach {whose}: name, firewall, certificate",
    }
    return Finding(what or f"{whose} account", entry is Entry.OPEN, entry, advice.get(entry, ""))


def examine_public_url(keys: AccountKeys) -> Finding:
    """Return whether what Twilio would sign for our public address arrives there as it was signed."""
    return judge_arrival(knock_at_ourselves(keys))


def judge_arrival(told: Told | Silence) -> Finding:
    """The finding on what our own door answered."""
    what = "PUBLIC_URL"
    match told:
        case Told(status=204):
            return Finding(what, True, "a signed callback arrives there as it was signed")
        case Told(status=403):
            advice = (
                "let PUBLIC_URL be what providers call, and the proxy keep path and query; or the"
            )
            advice += " web process has another TWILIO_AUTH_TOKEN"
            return Finding(what, False, "a signed callback does not hold there", advice)
        case Told(status=status):
            advice = "let PUBLIC_URL lead to the web process of this release: make run, or its Procfile line"
            return Finding(what, False, f"it is answered by somebody else: status {status}", advice)
        case Silence(why=why):
            advice = "start the web process, and let its name, proxy and certificate lead there"
            return Finding(what, False, f"nobody answers there: {why}", advice)


def examine_senders(engine: Engine, keys: AccountKeys, account: str = MAIN) -> list[Finding]:
    """Return whether the account has the numbers that campaigns speak from, and their answers come here.

    Services, short codes and names are Twilio's to judge; of a mailbox no key that may only send can ask.

    Raises:
        StoreUnavailable: the campaigns can't be read.
    """
    spoken = [Channel.VOICE, Channel.SMS]
    found = in_transaction(engine, senders.read, spoken, MOST_SENDERS, account)
    numbers = [(channel, source) for channel, source in found if fullmatch(NUMBER, source)]
    return list(
        judge_senders(((channel, one, find_number(keys, one)) for channel, one in numbers), keys)
    )


def judge_senders(
    found: Iterable[tuple[Channel, str, OwnNumber | Entry | None]], keys: AccountKeys
) -> Iterator[Finding]:
    """A finding for each number that was asked for."""
    for channel, number, one in found:
        what, ours = f"sender {number}", f"{keys.public_url}{INBOUND}"
        match one:
            case None:
                advice = "buy or verify it at Twilio, or correct its campaigns' source"
                yield Finding(what, False, "the account does not have it", advice)
            case OwnNumber(texts_to=to) if channel is Channel.SMS and to not in {None, "", ours}:
                advice = f"let its incoming messages go to {ours}, or its STOPs are not heard"
                yield Finding(what, False, "texts that are sent to it go elsewhere", advice)
            case OwnNumber():
                yield Finding(what, True, "the account has it")
            case _:
                yield Finding(what, True, f"not asked for: {one}")
