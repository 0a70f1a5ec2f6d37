"""What is scraped while something that it tells of is away."""

from pathlib import Path

from worker.desk.exposition import registry


def test_a_folder_that_is_gone_costs_no_other_figure(tmp_path: Path) -> None:
    served = registry(None, tmp_path / "gone")

    assert served.get_sample_value("outreach_state_dir_free_bytes") == 0
    assert served.get_sample_value("outreach_database_up") == 0
