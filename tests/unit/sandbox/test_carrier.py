"""The sandbox's carriers: they count by name and minute, and turn down what is too much."""

from worker.sandbox.carrier import Networks, segments_of
from worker.sandbox.options import Options


def carriers(**options: object) -> Networks:
    return Networks(Options(0, "", "", "", "", "", **options))  # type: ignore[arg-type]  # as given


def test_segments_are_counted_as_carriers_do() -> None:
    bodies = ("a" * 160, "a" * 161, "€" * 80, "€" * 81, "ж" * 70, "ж" * 71, "a" * 307)

    assert [segments_of(body) for body in bodies] == [1, 2, 1, 2, 1, 2, 3]


def test_numbers_of_one_name_share_a_minute_and_a_day() -> None:
    limit = {"name": "acme", "per_minute": 3, "per_day": 5}
    judged = carriers(carrier_limits={"a": limit, "b": limit})

    assert [judged.judge(one, 1, at) for one, at in (("a", 0.0), ("b", 1.0), ("a", 2.0))] == [
        None,
        None,
        None,
    ]
    assert judged.judge("b", 1, 3.0) == 30022
    assert judged.judge("a", 1, 90.0) is None
    assert judged.judge("b", 1, 200.0) == 30023
    assert judged.summary() == {"acme": {"segments": 6, "most_a_minute": 4, "most_a_day": 6}}


def test_what_is_filtered_is_filtered() -> None:
    assert carriers(filtered_sources=["a"]).judge("a", 1, 0.0) == 30007
    assert carriers(filtered_sources=["a"]).judge("b", 1, 0.0) is None
