"""`manage.py messages` (`make messages`): reads the words of the console into locale/, and compiles what is translated.

Beside those in code and templates they are the names of models and fields, and the words of django-unfold, which comes
without translations; what Django says in the same words is translated as Django does. With `--check` nothing is
written: it says which words are not in locale/, and which of those there are not said any more. Needs GNU gettext.
"""

import os
import re
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import django
import polib
import unfold
from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.commands import makemessages

from config.environment import BASE_DIR
from console.names import words_of_models

OTHERS = ["tests", "benchmarks", "demo", "clients", "docs", "var", "migrations"]  # no words of the console in there
UNFOLD, DJANGO = Path(unfold.__file__).parent, Path(django.__file__).parent
DATE = re.compile(r'^"POT-Creation-Date:.*\n', re.MULTILINE)  # would change at each run
LOCATION = re.compile(r"(?<=^#: ).*site-packages/", re.MULTILINE)


class BuildFile(makemessages.BuildFile):
    """Django's, except that what is made of a template for xgettext stands in a folder of its own, not beside it."""

    folder = ""

    @property
    def work_path(self) -> str:
        if not self.is_templatized:
            return str(self.path)
        return os.path.join(self.folder, f"{self.path.replace(os.sep, '_')}.py")

    def postprocess_messages(self, msgs: str) -> str:
        return msgs.replace(self.work_path, self.path.removeprefix("./"))


class Command(makemessages.Command):
    help = "Reads the words of the console from code and templates into locale/, and compiles the translations."
    build_file_class = BuildFile

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail when locale/ lacks words.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        os.chdir(BASE_DIR)
        languages = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
        with tempfile.TemporaryDirectory() as folder:
            BuildFile.folder = folder
            if check:
                self._check(languages)
            else:
                self._collect(languages)

    def find_files(self, root: str) -> list[Any]:
        """Ours, and those of Unfold's own pages."""
        ours = super().find_files(root)
        self.ignore_patterns = [pattern for pattern in self.ignore_patterns if pattern != ".*"]
        theirs = super().find_files(os.path.relpath(UNFOLD))
        words = Path(BuildFile.folder) / "names.py"
        calls = sorted({f"gettext_noop({word!r})\n" for word in words_of_models() if word})
        words.write_text("".join(calls))
        ours.append(self.translatable_file_class(str(words.parent), words.name, self.default_locale_path))
        return sorted(ours + [file for file in theirs if "contrib" not in Path(file.dirpath).parts])

    def _collect(self, languages: list[str]) -> None:
        self._run(languages)
        for language in languages:
            path = self._po_file(language)
            text = LOCATION.sub("", DATE.sub("", path.read_text())).replace(f"{BuildFile.folder}/", "")
            path.write_text(text)
            _take_over(path, language)
        call_command("compilemessages", locale=languages, ignore_patterns=[".venv"], verbosity=0)

    def _check(self, languages: list[str]) -> None:
        template = BASE_DIR / "locale" / "django.pot"
        self._run([], keep_pot=True)
        wanted = _words(template)
        template.unlink()
        for language in languages:
            there = _words(self._po_file(language))
            if wanted != there:
                raise CommandError(
                    f"locale/{language} is old: run `make messages`. It lacks {sorted(wanted - there)[:5]},"
                    f" and has without need {sorted(there - wanted)[:5]}."
                )

    def _run(self, languages: list[str], *, keep_pot: bool = False) -> None:
        super().handle(
            locale=languages,
            exclude=[] if languages else [code for code, _ in settings.LANGUAGES],
            domain="django",
            verbosity=0,
            all=False,
            extensions=["html", "py"],
            symlinks=False,
            ignore_patterns=list(OTHERS),
            use_default_ignore_patterns=True,
            no_wrap=True,
            no_location=False,
            add_location="file",
            no_obsolete=True,
            keep_pot=keep_pot,
        )

    def _po_file(self, language: str) -> Path:
        return BASE_DIR / "locale" / language / "LC_MESSAGES" / "django.po"


def _take_over(path: Path, language: str) -> None:
    """Fills what is not translated yet with Django's own translation of the same words."""
    catalog = polib.pofile(str(path), wrapwidth=0)
    of_django = {
        (entry.msgctxt, entry.msgid): entry.msgstr
        for room in ("conf", "contrib/auth", "contrib/admin")
        for entry in polib.pofile(str(DJANGO / room / "locale" / language / "LC_MESSAGES" / "django.po"))
        if entry.translated() and not entry.msgid_plural
    }
    for entry in catalog.untranslated_entries():
        if not entry.msgid_plural:
            entry.msgstr = of_django.get((entry.msgctxt, entry.msgid), "")
    catalog.save()


def _words(path: Path) -> set[tuple[str, str]]:
    """The messages of a catalog, each with its context."""
    return {(entry.msgctxt or "", entry.msgid) for entry in polib.pofile(str(path)) if not entry.obsolete}
