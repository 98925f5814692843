"""The signed address in a page's text message: one page, one crew member, one shift."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeTimedSerializer

from router.errors import NotFoundError

VALID_SECONDS = 12 * 3600  # a shift: the crew reports from the link until it is clear
_SALT = "team-page"


class PageLinks:
    """Makes and reads links. `public_url` is ours, `secret_key` signs."""

    def __init__(self, public_url: str, secret_key: str) -> None:
        self._public_url = public_url.rstrip("/")
        self._signer = URLSafeTimedSerializer(secret_key, salt=_SALT)

    def link(self, page_id: str) -> str:
        """The address to send."""
        return f"{self._public_url}/t/{self._signer.dumps(page_id)}"

    def read(self, token: str) -> str:
        """The page's id. Raises NotFoundError for a token that is forged or too old."""
        try:
            page_id = self._signer.loads(token, max_age=VALID_SECONDS)
        except BadSignature:
            raise NotFoundError("this link is not valid, or no longer") from None
        if not isinstance(page_id, str):
            raise NotFoundError("this link is not valid")
        return page_id
