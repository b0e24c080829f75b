"""Who may import whom: DESIGN's layers, read from the imports themselves."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "harness"

SPINE = {
    "model",
    "clock",
    "errors",
    "units",
    "asked_limits",
    "asked_network",
    "options",
    "plan",
    "timing",
    "metrics",
    "masking",
    "expectations",
    "asked_capacity",
    "asked_pipeline",
    "seen",
}
DOMAIN = {"segment"}
STAGES = {
    "recording",
    "importers",
    "generate",
    "schedule",
    "transform",
    "engine",
    "send",
    "measure",
    "throttle",
    "report",
    "mock",
}
STORIES = {
    "replay",
    "dry_run",
    "redraw",
    "under_locust",
    "prepare",
    "ways",
    "foresee",
    "how_far",
    "wiring",
    "timetable",
    "conclude",
    "look_through",
    "bundled",
    "capacity",
    "check_limits",
    "limit_target",
    "hold",
    "copies",
    "check_client",
    "client_runs",
    "compare",
    "live",
    "observe",
    "observe_plan",
    "observed_command",
    "observed_document",
    "watching",
    "expected_list",
    "listing",
    "web_page",
    "standing",
}
ENTRIES = {"cli", "__main__", "pytest_plugin", "pytest_mock"}
# One way each: what is drawn is judged, what is judged is measured; importers write recordings.
ALLOWED_BETWEEN_STAGES = {
    ("report", "throttle"),
    ("report", "measure"),
    ("throttle", "measure"),
    ("importers", "recording"),
    ("generate", "recording"),
}
LOCUST_LIVES_IN = "engine"
STANDARD_LIBRARY_ONLY = SPINE


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide their layer"
            found.add(node.module or "")
            if node.module == "harness":
                found |= {f"harness.{alias.name}" for alias in node.names}
    return found


def rooms_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports_of(path) if name.startswith("harness.")}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_its_layer_may(path: Path):
    room = room_of(path)
    imported = rooms_imported(path) - {room}
    if room in SPINE or room in DOMAIN:
        assert imported <= SPINE
    elif room in STAGES:
        between = {other for mine, other in ALLOWED_BETWEEN_STAGES if mine == room}
        assert imported <= SPINE | DOMAIN | between
    elif room in STORIES:
        assert not imported & ENTRIES
    else:
        assert room in ENTRIES | {"__init__"}, f"{room} has no layer; give it one here and in ARCHITECTURE.md"


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if room_of(path) in STANDARD_LIBRARY_ONLY],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_spine_knows_only_the_standard_library(path: Path):
    import sys

    foreign = {name.split(".")[0] for name in imports_of(path)} - set(sys.stdlib_module_names) - {"harness"}
    assert foreign == set()


def test_locust_lives_in_one_room():
    users = {
        room_of(path) for path in modules() if any(n.split(".")[0] == "locust" for n in imports_of(path))
    }
    assert users <= {LOCUST_LIVES_IN, "under_locust"}


def test_only_the_clock_touches_time():
    users = {str(path.relative_to(PACKAGE)) for path in modules() if imports_of(path) & {"time"}}
    assert users == {"clock.py"}


def test_the_mock_launcher_imports_no_other_part_of_the_mock():
    assert not [
        name for name in imports_of(PACKAGE / "mock" / "launch.py") if name.startswith("harness.mock")
    ]
    for path in (PACKAGE / "mock").glob("*.py"):
        assert "send" not in rooms_imported(path)
        assert "engine" not in rooms_imported(path)


def test_every_room_and_story_of_the_table_is_there():
    there = {room_of(path) for path in modules()} - {"__init__"}
    assert there == SPINE | DOMAIN | STAGES | STORIES | ENTRIES
