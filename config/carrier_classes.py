"""What carriers of the United States let through by kind of source: segments a minute, and segments a day.

A minute's limit of 10DLC is what one carrier takes of all numbers of a registration, a day's is T-Mobile's
for all of its brand. Whose network a number is on nobody asks, so every text counts against both.
"""

from dataclasses import dataclass

ATT = "https://developers.telnyx.com/docs/messaging/10dlc/10dlc-rate-limits.md"
"""AT&T's texts a minute, by class."""
TMOBILE = (
    "https://support.twilio.com/hc/en-us/articles/"
    "1260804800549-T-Mobile-daily-message-limits-for-long-code-messaging-with-A2P-10DLC"
)
"""Segments, by brand; by score: https://aws.amazon.com/blogs/messaging-and-targeting/amazon-pinpoint-10dlc-campaign-types-and-quotas-for-sms"""
ALONE = (
    "https://help.salesmessage.com/en/articles/"
    "6209896-message-throughput-mps-and-trust-scores-for-a2p-10dlc"
)
QUEUES = (
    "https://support.twilio.com/hc/en-us/articles/"
    "115002943027-Understanding-Twilio-Rate-Limits-and-Message-Queues"
)
TOLL_FREE = "https://www.twilio.com/help/faq/twilio-basics/what-are-the-limits-on-outbound-calls-and-sms-messages-per-second"


@dataclass(frozen=True, slots=True)
class CarrierClass:
    """A kind of source. `shared`: its numbers share their limits, as one registration."""

    per_minute: int
    per_day: int | None
    shared: bool
    urls: tuple[str, ...]


CLASSES: dict[str, CarrierClass] = {
    "10dlc-sole-proprietor": CarrierClass(15, 1_000, shared=True, urls=(ALONE,)),
    "10dlc-low-volume": CarrierClass(75, 2_000, shared=True, urls=(ATT, TMOBILE)),
    "10dlc-score-1": CarrierClass(240, 10_000, shared=True, urls=(ATT, TMOBILE)),
    "10dlc-score-50": CarrierClass(2_400, 40_000, shared=True, urls=(ATT, TMOBILE)),
    "10dlc-score-75": CarrierClass(4_500, 200_000, shared=True, urls=(ATT, TMOBILE)),
    "toll-free": CarrierClass(3 * 60, None, shared=False, urls=(TOLL_FREE,)),
    "short-code": CarrierClass(100 * 60, None, shared=False, urls=(QUEUES,)),
}
"""By name; a 10DLC class by the least score that has it."""
