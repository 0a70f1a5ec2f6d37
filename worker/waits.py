"""Durations of each kind of waiting, from the settings."""

from datetime import timedelta

from config.settings import Settings
from worker.domain.evidence import Timeouts
from worker.domain.statuses import Channel


def timeouts_of(settings: Settings) -> Timeouts:
    """The durations by which evidence is judged."""
    timing = settings.timing
    give_up = timedelta(seconds=timing.give_up)
    return Timeouts(
        throttle_pause=timedelta(seconds=timing.throttle_pause),
        refused_pause=timedelta(seconds=timing.refused_pause),
        first_doubt_lookup=timedelta(seconds=timing.first_doubt_lookup),
        arrival=timedelta(seconds=timing.unanswered),
        lookup_interval=timedelta(seconds=timing.lookup_interval),
        empty_lookups=timing.empty_lookups,
        unknown_run=settings.unknown_run,
        source_rejections=settings.source_rejections,
        give_up=dict.fromkeys(Channel, give_up)
        | {Channel.EMAIL: timedelta(seconds=timing.mail_doubt)},
        first_lookup={
            Channel.VOICE: timedelta(seconds=timing.voice_first_look),
            Channel.SMS: timedelta(seconds=timing.sms_silence),
            Channel.EMAIL: timedelta(seconds=timing.mail_silence),
        },
        answered_by_wait=timedelta(seconds=timing.answered_by_wait),
        silence={
            Channel.VOICE: timedelta(seconds=timing.voice_silence),
            Channel.SMS: timedelta(seconds=timing.sms_silence),
            Channel.EMAIL: timedelta(seconds=timing.mail_silence),
        },
        unanswered={
            Channel.VOICE: timedelta(seconds=timing.voice_silence),
            Channel.SMS: timedelta(seconds=timing.sms_unanswered),
            Channel.EMAIL: timedelta(seconds=timing.mail_silence),
        },
    )
