"""Which paths the two Config APIs answer, and how they say that a path or a method is not there."""

from typing import Final

from harness.mock.config_api import legacy, public
from harness.mock.config_api.replies import failure, legacy_failure, problem
from harness.mock.exchange import Reply, origin_form
from harness.mock.route import Route

_API: Final = "config"
# Clients know the legacy API with its version in the path; recordings of it were also made without.
_LEGACY_PREFIXES: Final = ("/v1beta", "")

_PUBLIC: Final[tuple[tuple[str, str, public.Answer], ...]] = (
    ("GET", "/", public.get_workspace),
    ("GET", "/sources", public.list_sources),
    ("GET", "/sources/{source_id}", public.get_source),
    ("PATCH", "/sources/{source_id}", public.update_source),
    ("GET", "/sources/{source_id}/connected-destinations", public.list_connected_destinations),
    ("GET", "/destinations", public.list_destinations),
    ("GET", "/destinations/{destination_id}", public.get_destination),
    ("PATCH", "/destinations/{destination_id}", public.update_destination),
)

_SOURCES: Final = "/workspaces/{workspace}/sources"
_LEGACY: Final[tuple[tuple[str, legacy.Answer], ...]] = (
    ("/workspaces", legacy.list_workspaces),
    ("/workspaces/{workspace}", legacy.get_workspace_by_slug),
    (_SOURCES, legacy.list_sources_of_workspace),
    (f"{_SOURCES}/{{source}}", legacy.get_source_by_slug),
    (f"{_SOURCES}/{{source}}/destinations", legacy.list_destinations_of_source),
    (f"{_SOURCES}/{{source}}/destinations/{{destination}}", legacy.get_destination_by_slug),
)

# The route of `/` is the Public API's only where `bearer.is_public_api` says so.
ROUTES: Final[tuple[Route, ...]] = (
    *(Route(method, path, _API, public.answered(answer)) for method, path, answer in _PUBLIC),
    *(
        Route("GET", prefix + path, _API, legacy.legacy_answered(answer))
        for prefix in _LEGACY_PREFIXES
        for path, answer in _LEGACY
    ),
)


def unknown_path(target: str, hint: str) -> Reply:
    """404 in the body of the API that this target looks like; `hint` says which paths there are."""
    if _is_legacy(target):
        return legacy_failure(404, hint)
    return failure(problem(404, hint))


def wrong_method(target: str, allowed: str) -> Reply:
    """405 with `Allow`; the legacy API says 501 instead, with its own code for a method it lacks."""
    message = f"this path takes {allowed}"
    if _is_legacy(target):
        return legacy_failure(501, message, ("Allow", allowed))
    return failure(problem(405, message), "application/json", ("Allow", allowed))


def _is_legacy(target: str) -> bool:
    path = origin_form(target).partition("?")[0]
    return path == "/workspaces" or path.startswith(("/v1beta/", "/workspaces/"))
