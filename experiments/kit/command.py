"""`uncontested kit`: the lesson in print, generated from the table of parameters and from runs."""

import json
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.cli.options import choose, parse, whole
from experiments.config.errors import MISSING, ConfigError, RunError
from experiments.config.readers import exactly
from experiments.kit.cards import load_cards
from experiments.kit.measure import BASE, measure
from experiments.kit.puzzles import PUZZLES
from experiments.kit.render import Kit, to_html
from experiments.kit.strategies import LANGUAGES, load_roles, load_strategies
from experiments.kit.tunnel import WORLDS, plans_of
from experiments.kit.windtunnel import workers_of
from experiments.runs.manifest import sources_hash, write_json
from experiments.runs.store import OUTPUTS, RunFolder, check_free, shown_path

NUMBERS = "numbers.json"
KEYS = ("version", "sources_hash", "command", "seed", "worlds", "lead", "drivers", "windtunnel", "puzzles")
DOCS = Path("docs") / "teach"
BOTH = "both"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PDF_SECONDS = 120
OPTIONS = {
    "--worlds": "a number of worlds",
    "--numbers": "a file of numbers",
    "--lang": "en, de or both",
    "--pdf": "",
    "--workers": "a number of processes",
    "--out": "a folder",
    "--docs": "",
}
HELP = f"""uncontested kit [--worlds N | --numbers FILE] [--lang en|de|both] [--pdf] [--out DIR] [--workers N]
                [--docs]

Write the kit of a lesson, in English and German: guide with scripts of 45, 90 and 180 minutes, worksheets,
cards, puzzles with answer key, debrief, glossary, rubric and slides; each as Markdown and as HTML to print.
All numbers come from the table of parameters and from runs made now.

  --worlds N      worlds a scenario ({WORLDS}); the runs take minutes
  --numbers FILE  numbers of an earlier kit ({NUMBERS}), and no runs
  --pdf           PDF as well, printed by Chromium
  --out DIR       a new folder; outputs/kit unless told otherwise
  --docs          write {DOCS} instead

Examples:
  uncontested kit --pdf
  uncontested kit --numbers docs/teach/{NUMBERS} --lang de --out kit"""


def kit_command(arguments: Sequence[str]) -> str:
    """Write the kit and say where it is.

    Raises: ConfigError on an unknown word, numbers that cannot be read or a missing browser; RunError if a
    world cannot run.
    """
    _, given = parse(arguments, (), OPTIONS)
    if "--help" in given:
        return HELP
    spoken = choose("--lang", given.get("--lang", BOTH), (*LANGUAGES, BOTH))
    languages = LANGUAGES if spoken == BOTH else (spoken,)
    browser = find_browser() if "--pdf" in given else ""
    if "--worlds" in given and "--numbers" in given:
        raise ConfigError("--worlds", given["--worlds"], "expected either --worlds or --numbers")
    worlds = whole("--worlds", given.get("--worlds", str(WORLDS)), 2, 4096)
    workers = workers_of(given)
    out = DOCS if "--docs" in given else Path(given.get("--out", OUTPUTS / "kit")).expanduser()
    if "--out" in given:
        check_free(out)
    if "--numbers" in given:
        numbers = read_numbers(Path(given["--numbers"]).expanduser())
    else:
        command = shlex.join(["uncontested", "kit", *(word for word in arguments if word != "--docs")])
        numbers = measure(worlds, workers, command)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch)
        write(made, numbers, languages, browser, html="--docs" not in given)
        publish(made, out, replace="--out" not in given)
    notes = []
    if numbers["sources_hash"] != sources_hash():
        notes.append("Note: model or conf have changed since these numbers were run; run the kit anew.")
    return "\n".join([*notes, f"Files    {shown_path(out.absolute())}"])


def read_numbers(file: Path) -> dict[str, Any]:
    """Return the numbers of an earlier kit.

    Raises: ConfigError if they cannot be read or are not complete.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise ConfigError(
            "--numbers", file, f"cannot be read ({reason}); expected a kit's {NUMBERS}"
        ) from None
    exactly("numbers", found, KEYS)
    cards = load_cards()
    exactly("numbers.lead", found["lead"], (BASE, *cards["scenarios"], *cards["shocks"]))
    exactly("numbers.drivers", found["drivers"], tuple(cards["drivers"]))
    exactly("numbers.windtunnel", found["windtunnel"], tuple(load_roles()))
    exactly("numbers.puzzles", found["puzzles"], PUZZLES)
    return dict(found)


def write(
    folder: Path, numbers: Mapping[str, Any], languages: Sequence[str], browser: str, *, html: bool = True
) -> None:
    """Write the pages of all languages and the numbers behind them into a folder.

    Raises: RunError if the browser prints nothing.
    """
    plan = plans_of([BASE], 2)[BASE]
    roles = load_roles()
    strategies = load_strategies(roles, plan)
    write_json(folder / NUMBERS, numbers)
    for language in languages:
        place = folder / language
        place.mkdir()
        for name, text in Kit(language, numbers, plan, roles, strategies).pages().items():
            (place / f"{name}.md").write_text(text.rstrip() + "\n", encoding="utf-8")
            if html or browser:
                title = text.partition("\n")[0].removeprefix("# ")
                (place / f"{name}.html").write_text(to_html(name, title, text, language), encoding="utf-8")
            if browser:
                print_pdf(browser, place / f"{name}.html", place / f"{name}.pdf")


def publish(made: Path, out: Path, *, replace: bool) -> None:
    """Put a finished kit into place, over an earlier one where `replace` says so.

    Raises: RunError if that cannot be done.
    """
    if not replace:
        with RunFolder(out) as folder:
            shutil.copytree(made, folder.part, dirs_exist_ok=True)
            folder.publish()
        return
    try:
        shutil.copytree(made, out, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise RunError(f"{out}: cannot be written ({error})") from None


def find_browser() -> str:
    """Return the program that prints HTML as PDF.

    Raises: ConfigError naming the remedy if there is none.
    """
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    raise ConfigError(
        "--pdf",
        MISSING,
        "needs Chromium, which is not installed; install it (apt-get install chromium), or leave --pdf out "
        "and print the HTML files from any browser",
    )


def print_pdf(browser: str, page: Path, pdf: Path) -> None:
    """Print an HTML file as PDF.

    Raises: RunError if the browser fails.
    """
    with tempfile.TemporaryDirectory() as profile:
        words = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
                 "--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.as_uri()]  # fmt: skip
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=_PDF_SECONDS, check=False)
        except (OSError, subprocess.SubprocessError) as error:
            raise RunError(f"{browser}: cannot print {page.name} ({error})") from None
    if done.returncode or not pdf.is_file():
        said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise RunError(f"{browser}: did not print {page.name} ({said[0]})")
