"""What `outreach doctor` asks of the accounts: those of the settings, and those of ACCOUNTS_FILE."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from config.accounts import SendGridKeys, SmtpKeys, TwilioKeys
from config.settings import Settings
from worker.account_book import CARRIED
from worker.desk.findings import Finding
from worker.desk.outside_checks import (
    examine_accounts,
    examine_beside,
    examine_named_accounts,
    examine_public_url,
    examine_senders,
    sends_mail,
)
from worker.providers.account_questions import AccountKeys
from worker.runtime import Runtime, StoreUnavailable


def examine_outside(runtime: Runtime) -> Iterator[Finding]:
    """The world outside: accounts, senders and our own public address."""
    keys = account_keys(runtime.settings)
    twilio, sendgrid = examine_accounts(keys, mails=_sends_mail(runtime))
    yield from (twilio, sendgrid, examine_public_url(keys))
    with suppress(StoreUnavailable):  # told before
        if twilio.well:
            yield from examine_senders(runtime.engine, keys)
        yield from _examine_beside(runtime, keys)


def _examine_beside(runtime: Runtime, main: AccountKeys) -> Iterator[Finding]:
    accounts = runtime.account_book.current()
    for name, account in accounts.items():
        match account:
            case TwilioKeys():
                keys = replace(
                    main,
                    twilio_url=account.api_url,
                    account_sid=account.account_sid,
                    auth_token=account.auth_token.get_secret_value(),
                )
                yield (entry := examine_beside(name, CARRIED[account.kind], keys))
                if entry.well:
                    yield from examine_senders(runtime.engine, keys, name)
            case SendGridKeys():
                api_key = account.api_key.get_secret_value()
                keys = replace(main, sendgrid_url=account.api_url, api_key=api_key)
                yield examine_beside(name, CARRIED[account.kind], keys)
            case SmtpKeys():
                yield Finding(f"account {name}", True, f"mails by {account.address}; not asked for")
    carried = {name: CARRIED[account.kind] for name, account in accounts.items()}
    yield from examine_named_accounts(runtime.engine, carried)


def account_keys(settings: Settings) -> AccountKeys:
    """Return what somebody who only asks needs of the main account."""
    return AccountKeys(
        twilio_url=settings.twilio_api_url,
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        sendgrid_url=settings.sendgrid_api_url,
        api_key=settings.sendgrid_api_key.get_secret_value(),
        public_url=settings.public_url,
    )


def _sends_mail(runtime: Runtime) -> bool:
    try:
        return sends_mail(runtime.engine)
    except StoreUnavailable:  # told before
        return True
