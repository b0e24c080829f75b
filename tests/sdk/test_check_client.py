"""The drivers of docs/check-client.md do what the page says, with the libraries as they come."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.sdk.grade import page
from tests.sdk.sdks import HERE, PACKAGES, needed

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "check-client.md").read_text("utf-8")
ONLY = ["--only", "A1", "--only", "E1.plain", "--only", "E6", "--pause", "1"]


def driver(language):
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    assert len(found[1].splitlines()) <= 20
    return found[1]


def check(*command, **more):
    done = subprocess.run(
        [sys.executable, "-m", "harness", "check", "client", "--json", *ONLY, "--", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def verdicts(document):
    return {case["case"]: (case["verdict"], case["evidence"]) for case in document["cases"]}


def test_the_driver_in_python_is_judged(tmp_path):
    path = tmp_path / "driver.py"
    path.write_text(driver("python"), "utf-8")
    document = check(sys.executable, str(path))
    assert document["counts"]["pass"] == 3, verdicts(document)
    assert "A1" in page([("a library", document)])


def test_the_driver_in_node_is_judged(tmp_path):
    node = needed(shutil.which("node"), "Node")
    needed(PACKAGES / "analytics-node", "@segment/analytics-node")
    path = tmp_path / "driver.js"
    path.write_text(driver("js"), "utf-8")
    document = check(node, str(path), NODE_PATH=str(HERE / "node_modules"))
    assert document["counts"]["pass"] == 3, verdicts(document)
