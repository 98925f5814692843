"""Headers of every answer: nothing runs, loads or frames a page but what we serve."""

from __future__ import annotations

from flask import Flask, Response, request

from router.config import Settings


def add_headers(
    app: Flask, settings: Settings, *, own_checks: frozenset[str] = frozenset()
) -> None:
    """Set them after each request; webhooks' answers, read by no browser, go without."""
    policy = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {settings.live_url}".rstrip(),
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if settings.public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    @app.after_request
    def add(answer: Response) -> Response:
        if request.blueprint in own_checks and answer.mimetype != "text/html":
            return answer
        for name, value in headers.items():
            answer.headers.setdefault(name, value)
        if request.endpoint != "console.static":
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer
