"""Accounts at the providers beside the one of the settings, and the sources of pools."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from config.accounts import AccountsError, Keys, read_accounts
from config.mail_settings import MailSettings
from config.source_classes import SourceClass, SourcesError, read_sources


class AccountSettings(MailSettings):
    """The file of accounts, where there is one."""

    accounts_file: Path | None = Field(
        None, description="TOML file of accounts beside this one, read again when it changes"
    )

    sources_file: Path | None = Field(
        None,
        description="TOML file of the carriers' classes of sources of texts, read at the start",
    )
    source_rejections: int = Field(
        20,
        ge=2,
        le=100,
        description="of a pool's source: so many rejections by carriers among its last 100 outcomes rest it",
    )
    source_rest_hours: int = Field(
        24,
        ge=0,
        le=8760,
        description="how long those who have a source that rests wait for it, before they have another",
    )

    def read_accounts(self) -> dict[str, Keys]:
        """The accounts beside the main one, as the file has them now.

        Raises:
            AccountsError: it can't be used.
        """
        return read_accounts(self.accounts_file) if self.accounts_file else {}

    def read_sources(self) -> dict[str, SourceClass]:
        """Limits of carriers, by source.

        Raises:
            SourcesError: the file can't be used.
        """
        return read_sources(self.sources_file) if self.sources_file else {}

    @model_validator(mode="after")
    def _sources_are_good(self) -> Self:
        try:
            self.read_sources()
        except SourcesError as error:
            raise ValueError(f"SOURCES_FILE: {error}") from None
        return self

    @model_validator(mode="after")
    def _accounts_are_good(self) -> Self:
        try:
            self.read_accounts()
        except AccountsError as error:
            raise ValueError(f"ACCOUNTS_FILE: {error}") from None
        return self
