"""Each generation of the public SDK is told what it reads; its enums are closed."""

import pytest

from worker.domain.contract.outbound.generations import NEWEST, generation_of
from worker.domain.statuses import BatchStatus, RequestStatus

OLD = {"PENDING", "DUPLICATE", "INITIATED", "CONNECTED", "FAILED", "CANCELED"}
# What each reads, as the wheels on either side of each boundary have it.
READS = {
    "0.4.1": OLD,
    "0.33.4": OLD,
    "0.33.6": OLD | {"INVALID"},
    "0.41.13": OLD | {"INVALID"},
    "0.41.14": OLD | {"INVALID", "CALL_COMPLETED"},
    "0.45.33": OLD | {"INVALID", "CALL_COMPLETED"},
    "0.45.34": OLD | {"INVALID", "COMPLETED"},
    "0.46.10": OLD | {"INVALID", "COMPLETED"},
    "0.46.11": OLD | {"INVALID", "COMPLETED", "SKIPPED"},
    "0.49.87": OLD | {"INVALID", "COMPLETED", "SKIPPED"},
}


def agent(version: str) -> str:
    return f"speakeasy-sdk/python {version} 2.500.1 0.0.2 syllable-sdk"


@pytest.mark.parametrize("version", READS)
def test_a_generation_is_told_only_what_it_reads(version: str) -> None:
    speaks = generation_of(agent(version))

    assert {speaks.status(one) for one in RequestStatus} == READS[version]


@pytest.mark.parametrize(
    ("version", "status", "bare", "mute"),
    [
        ("0.4.1", "IDLE", True, {"request_variables", "campaign_variables"}),
        ("0.4.2", "IDLE", False, {"request_variables", "campaign_variables"}),
        ("0.5.0", "FAILED", False, {"request_variables"}),
        ("0.33.10", "FAILED", False, {"request_variables"}),
        ("0.34.0", "FAILED", False, set()),
    ],
)
def test_the_first_ones_have_lists_and_batches_of_their_own(
    version: str, status: str, bare: bool, mute: set[str]
) -> None:
    speaks = generation_of(agent(version))

    assert speaks.batch_status(BatchStatus.FAILED) == status
    assert (speaks.bare_lists, set(speaks.mute)) == (bare, mute)


@pytest.mark.parametrize(
    "asks",
    [
        "",
        "curl/8.5.0",
        "speakeasy-sdk/typescript 0.4.1",
        agent("1.0.0"),
        agent("99999999.1.1"),
        "x" * 9_999,
    ],
)
def test_whoever_else_asks_is_the_newest(asks: str) -> None:
    assert generation_of(asks) is NEWEST


def test_a_filter_takes_our_names_and_the_generation_s_own() -> None:
    calls, first = generation_of(agent("0.45.9")), generation_of(agent("0.4.1"))

    assert calls.meant_by("CALL_COMPLETED") == calls.meant_by("COMPLETED") == {"COMPLETED"}
    assert first.meant_by("CONNECTED") == {"CONNECTED", "COMPLETED"}
    assert first.meant_by("CANCELED") == {"CANCELED", "SKIPPED"}
    assert NEWEST.meant_by("CALL_COMPLETED") == NEWEST.meant_by("nothing") == frozenset()
    assert first.batches_meant_by("IDLE") == first.batches_meant_by("FAILED") == {"FAILED"}
