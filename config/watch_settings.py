"""Settings of what is told about the work: measures, logs, alerts."""

from typing import Literal

from pydantic import Field, SecretStr

from config.addresses import WebAddress
from config.api_settings import ApiSettings


class WatchSettings(ApiSettings):
    """Settings of what a process measures and writes into its log, and whom the watchdog tells."""

    process_metrics: bool = Field(
        True, description="measure how long providers, permits and callbacks take"
    )
    attempt_log_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="of accepted attempts so many are told in the log, the others always",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="log level")

    watchdog_webhook: WebAddress | None = Field(
        None, description="address that the watchdog posts alerts to, signed by WEBHOOK_SECRET"
    )
    watchdog_tell: SecretStr | None = Field(
        None,
        description="addresses of mailboxes and chats as apprise has them, with spaces between",
    )
