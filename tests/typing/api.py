"""Uses every public name as a user would; checked for types, never run."""

from dataclasses import replace

from harness import (
    Answer,
    Arrival,
    HarnessError,
    Item,
    Plan,
    ReplayUser,
    Request,
    Result,
    make_plan,
    replay_recording,
    replay_under_locust,
)
from harness.report.progress import Progress

replay_under_locust()


class Customer(ReplayUser):
    def build(self, items: tuple[Arrival, ...]) -> Request:
        first: Item = items[0].item
        request = super().build(items)
        return replace(request, headers=(*request.headers, ("X-Source", first.source)))

    def on_answer(self, request: Request, answer: Answer) -> None:
        status: int | None = answer.status
        assert request.path or status


def run(path: str) -> int:
    plan: Plan = make_plan(path, {"speed": "10"})
    try:
        result: Result = replay_recording(plan, Progress())
    except HarnessError as error:
        return error.exit_code
    return result.exit_code
