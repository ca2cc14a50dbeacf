"""Who is watching: a signed cookie, and the token that proves that a form came from one of our pages.

The cookie holds no secret of anybody else's: the viewer's id and the token. The token is masked anew in every page,
because pages are compressed and repeat what was searched for (BREACH). What was said last, so that it can be undone, is
a cookie of its own: an answer that is slow to come must not put back who was watching when it was asked for.
"""

import base64
import binascii
import hmac
import secrets
from dataclasses import asdict, dataclass, field

from itsdangerous import BadData, URLSafeTimedSerializer

COOKIE, NOTICE_COOKIE = "movierec_session", "movierec_notice"
MAX_AGE_SECONDS = 30 * 24 * 3600
NOTICE_SECONDS = 600  # in which the page comes that shows it
RENEWAL_SECONDS = 24 * 3600
TOKEN_BYTES = 18
NEWCOMERS_FROM, NEWCOMERS_TO = 10**14, 10**15  # ids of newcomers: nobody else's, and exact in JavaScript


def _new_token() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(TOKEN_BYTES)).decode()


@dataclass(frozen=True)
class Notice:
    """What was said last, for the page that comes next.

    Attributes:
        viewer: who said it.
        sentence: what was said.
        event_id: what undoes it; empty where nothing does.
    """

    viewer: int
    sentence: str
    event_id: str = ""


@dataclass(frozen=True)
class Session:
    """What the cookie says.

    Attributes:
        viewer: id of the viewer whose lists are shown; None until somebody is chosen.
        token: what a form must repeat.
        is_new: the viewer came as a newcomer, to whom the id means nothing.
        theme: light or dark, where the viewer has chosen; else what the device prefers.
    """

    viewer: int | None = None
    token: str = field(default_factory=_new_token)
    is_new: bool = False
    theme: str = ""

    def masked_token(self) -> str:
        """Return the token behind a mask of its own, for one page."""
        token = base64.urlsafe_b64decode(self.token)
        mask = secrets.token_bytes(len(token))
        return base64.urlsafe_b64encode(mask + _xor(mask, token)).decode()

    def is_token(self, text: str) -> bool:
        """Tell whether a form repeats the token."""
        try:
            raw = base64.urlsafe_b64decode(text.encode())
        except (binascii.Error, ValueError):
            return False
        half = len(raw) // 2
        return hmac.compare_digest(_xor(raw[:half], raw[half:]), base64.urlsafe_b64decode(self.token))


class SessionCookie:
    """Signs sessions and notices, and reads them again."""

    def __init__(self, secret: str) -> None:
        """Sign with this secret."""
        self._serializer = URLSafeTimedSerializer(secret, salt="movierec.session.1")
        self._notices = URLSafeTimedSerializer(secret, salt="movierec.notice.1")

    def read(self, text: str | None) -> Session:
        """Return the session of a cookie; a new one where there is none, or where it was tampered with or is old."""
        return self._load(text, MAX_AGE_SECONDS) or Session()

    def write(self, session: Session) -> str:
        """Return the cookie's text."""
        return str(self._serializer.dumps(asdict(session)))

    def says(self, text: str | None, session: Session) -> bool:
        """Tell whether a cookie says just this session, and will for long enough yet."""
        return self._load(text, RENEWAL_SECONDS) == session

    def read_notice(self, text: str | None) -> Notice | None:
        """Return the notice of a cookie, None where there is none."""
        try:
            return Notice(**self._notices.loads(text or "", max_age=NOTICE_SECONDS))
        except (BadData, TypeError):
            return None

    def write_notice(self, notice: Notice) -> str:
        """Return the text of a notice's cookie."""
        return str(self._notices.dumps(asdict(notice)))

    def _load(self, text: str | None, max_age: int) -> Session | None:
        try:
            said = self._serializer.loads(text or "", max_age=max_age)
            said.pop("notice", None)  # where earlier versions had it
            return Session(**said)
        except (BadData, TypeError):
            return None


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))
