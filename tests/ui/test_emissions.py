"""Names of the files that the page Regional emissions gives."""

from dataclasses import replace

from agroflux.ui.emissions import SIMULATOR, Choice


def test_answers_to_different_questions_have_different_file_names() -> None:
    usual = Choice("cornbelt-century", SIMULATOR, 168.0, (2013, 2018), "AR6")
    other = [replace(usual, indirect=True), replace(usual, area_sd=0.2), replace(usual, areas_name="mine.csv")]
    other += [replace(usual, rate=84.0), replace(usual, source="lstm"), replace(usual, horizon=20)]
    names = [one.file for one in (usual, *other)]
    assert len(set(names)) == len(names)
    assert replace(usual, indirect=True).file.endswith("with-indirect")
