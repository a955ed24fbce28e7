"""The table of studies in docs/studies.md is that of conf."""

from experiments.analysis.page import BEGIN, END, PAGE, table


def test_the_table_of_studies_is_that_of_conf() -> None:
    page = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]

    def facts(text: str) -> list[list[str]]:
        # Minutes are an estimate; study, question, design, runs and figure are facts.
        cells = [line.strip("|").split(" | ") for line in text.splitlines()]
        return [[cell.partition(" runs, ")[0] for cell in row] for row in cells]

    assert facts(page) == facts(table()), "run python -m experiments.analysis.page"
