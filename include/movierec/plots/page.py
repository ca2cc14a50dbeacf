"""The page that shows the pictures of one training: no scripts, relative links, nothing from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

PAGE = "index.html"
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#222;max-width:900px;margin:2rem auto;padding:0 1rem}"
    "figure{margin:2.5rem 0}img{width:100%;height:auto}figcaption{color:#555}"
)
NOTHING = "<p>Nothing to show: no ranker of this training was evaluated.</p>"


@dataclass(frozen=True)
class Picture:
    """A file with a PNG, the finding as its title, and how to read it."""

    name: str
    title: str
    explanation: str
    data: bytes


def page(training_id: int, pictures: Sequence[Picture]) -> str:
    """Return the HTML of a training's page."""
    shown = "\n".join(map(_figure, pictures)) or NOTHING
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>Training {training_id}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Training {training_id}</h1>\n{shown}\n</body>\n</html>\n"
    )


def _figure(picture: Picture) -> str:
    return (
        f'<figure>\n<img src="{escape(picture.name)}" alt="{escape(picture.title)}">\n'
        f"<figcaption>{escape(picture.explanation)}</figcaption>\n</figure>"
    )
