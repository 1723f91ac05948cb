"""Where a user's files lie."""

from pathlib import Path

import pytest

from agroflux import paths


@pytest.mark.parametrize("told", ["mine", "./mine", "~/mine"])
def test_the_folder_of_a_user_is_an_absolute_path(told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AGROFLUX_DATA", told)
    assert paths.user_data() == tmp_path / "mine"
    assert paths.user_models() == tmp_path / "mine" / "models"


def test_without_a_choice_it_is_the_place_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGROFLUX_DATA")
    assert paths.user_data().is_absolute() and paths.user_data().name == "agroflux"
