"""A token of the Profile or Config API that cannot leak by accident, and the header it goes into."""

import base64


class AccessToken:
    """An access token; printing it shows nothing of it."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def authorization(self, api: str) -> str:
        """The value of the Authorization header.

        Profile: HTTP Basic, the token as user and no password (Profile API docs, "Authentication", read
        2025-11). Config: Bearer (docs.segmentapis.com "Getting Started", read 2025-11).
        """
        if api == "profile":
            return "Basic " + base64.b64encode(f"{self._secret}:".encode()).decode("ascii")
        return f"Bearer {self._secret}"

    def __repr__(self) -> str:
        return "AccessToken(…)"

    __str__ = __repr__
