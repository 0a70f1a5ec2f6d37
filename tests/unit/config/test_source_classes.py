"""The file of carriers' classes: read with its figures, refused by source and key."""

import re
from pathlib import Path

import pytest

from config.carrier_classes import CLASSES
from config.source_classes import SourceClass, SourcesError, read_sources


def write(folder: Path, text: str) -> Path:
    file = folder / "sources.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_numbers_of_one_registration_share_its_limits_and_toll_free_ones_nothing(
    tmp_path: Path,
) -> None:
    file = write(
        tmp_path,
        """
        [sources."+15125550100"]
        class = "10dlc-low-volume"
        registration = "acme"
        [sources."+15125550101"]
        class = "10dlc-low-volume"
        registration = "acme"
        [sources."+18005550100"]
        class = "toll-free"
        per_minute = 1500
        """,
    )

    found = read_sources(file)

    shared = SourceClass("registration acme", 75, 2_000)
    assert found["+15125550100"] == found["+15125550101"] == shared
    assert found["+18005550100"] == SourceClass("source +18005550100", 1500, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'must be of tables like [sources."+15125550100"]'),
        ("[sources", "is no TOML"),
        ('[sources."a"]\nclass = "fast"', "sources.a.class: must be one of 10dlc-sole"),
        ('[sources."a"]\nper_day = 1', "sources.a.class: is not set"),
        ('[sources."a"]\nclass = "toll-free"\nper_day = 0', "sources.a.per_day: must be 1 or more"),
        ('[sources."a"]\nclass = "toll-free"\nspeed = 1', "sources.a.speed: is no key of a source"),
        ('[sources."a"]\nclass = "short-code"\nregistration = "x"', "sources.a.registration: numb"),
        (
            '[sources."a"]\nclass = "10dlc-score-1"\n[sources."b"]\nclass = "10dlc-score-50"',
            "sources.b: has other limits than others of the same registration main",
        ),
    ],
)
def test_what_can_not_be_used_is_told_by_source_and_key(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(SourcesError, match=re.escape(said)):
        read_sources(write(tmp_path, text))


def test_every_figure_has_a_source() -> None:
    for name, one in CLASSES.items():
        assert one.urls, name
        assert all(url.startswith("https://") for url in one.urls), name
