"""How large a title is set on a cover, and where words break that are too long for it.

The widths are those of bold DejaVu, the widest of the fonts that systems have for the names in the style sheet: what
fits there fits everywhere. No word is broken that fits; one that does not gets soft hyphens between its syllables.
"""

import re
import unicodedata
from bisect import bisect_left
from itertools import pairwise

# Of a line, in widths of an em, for letters of the sizes 0 (the largest) to 3: 84 cqi by the style sheet's font sizes.
LINE_WIDTHS = (6.7, 7.5, 8.5, 10.2)
TITLE_LENGTHS = (24, 38, 75)  # letters of the whole title that letters of size 0, 1 and 2 have room for
NARROW, SLIM, WIDE = frozenset("fijlI'’.,:;!|/()[]-"), frozenset('rstczJ?"'), frozenset("mwMW@%&Ж")
CONDENSED = 0.9  # of the heavy lettering
FIRST_IDEOGRAPH = "\u2e80"  # from here on, scripts break between any two letters
SOFT_HYPHEN = "\u00ad"
VOWELS = frozenset("aeiouy")
ONE_SOUND = re.compile(r"[cgpstw]h|qu|[bcfgp]l|[bcdfgpt]r")
MIN_PART = 3  # letters on either side of a hyphen


def letter_size(title: str, is_heavy: bool = False) -> int:
    """Return the class of letters, 0 being the largest, in which the longest word fits and the title finds room."""
    widest = max((_width(part, is_heavy) for part in re.findall(r"[^\s-]+-?", title)), default=0.0)
    by_word = min(bisect_left(LINE_WIDTHS, widest), len(LINE_WIDTHS) - 1)
    return max(by_word, bisect_left(TITLE_LENGTHS, len(title)))


def hyphenate(title: str, is_heavy: bool = False) -> str:
    """Return a title with soft hyphens between the syllables of each word that is too long for the smallest letters."""

    def divided(part: re.Match[str]) -> str:
        return _divide(part[0]) if _width(part[0], is_heavy) > LINE_WIDTHS[-1] else part[0]

    return re.sub(r"[^\s-]+", divided, title)


def _width(word: str, is_heavy: bool) -> float:
    """Return the width of a word in widths of an em; the heavy lettering has capitals alone."""
    letters = word.upper() if is_heavy else word
    return sum(map(_letter_width, letters)) * (CONDENSED if is_heavy else 1.0)


def _letter_width(letter: str) -> float:
    if letter >= FIRST_IDEOGRAPH:
        return 0.0
    if letter in NARROW:
        return 0.4
    if letter in SLIM:
        return 0.55
    if letter in WIDE:
        return 1.1
    return 0.85 if letter.isupper() else 0.72


def _divide(word: str) -> str:
    """Return a word with soft hyphens where a syllable begins: at a consonant before a vowel, after a vowel's sound."""
    is_vowel = [unicodedata.normalize("NFKD", letter)[0].lower() in VOWELS for letter in word]
    begins = [
        _onset(word, position)
        for position in range(1, len(word) - 1)
        if not is_vowel[position] and is_vowel[position + 1] and word[position].isalpha() and any(is_vowel[:position])
    ]
    cuts = [position for position in begins if MIN_PART <= position <= len(word) - MIN_PART]
    edges = [0, *cuts, len(word)]
    return SOFT_HYPHEN.join(word[start:end] for start, end in pairwise(edges))


def _onset(word: str, position: int) -> int:
    """Return where the consonant at a position begins to sound: letters that make one sound stay together."""
    return position - 1 if ONE_SOUND.fullmatch(word[position - 1 : position + 1].lower()) else position
