"""Settle for which copy of its recorded person an item is sent, and what its message is then."""

from collections.abc import Callable

from harness.model import Item, Message
from harness.plan import Plan
from harness.recording.reader import Recording
from harness.transform.multiply import recorded_item
from harness.transform.reidentify import copied_id, reidentify
from harness.transform.renew import Rounds, recorded_before


def rounds_of(plan: Plan) -> Rounds | None:
    """A fresh count of the passes of a step of a search for capacity; None elsewhere."""
    return None if plan.step is None else Rounds(plan.step.first_copy)


def copy_of(plan: Plan, item: Item, rounds: Rounds | None) -> int:
    """The copy of `--multiply`, or of the pass in a search for capacity; 0 for the person as recorded."""
    return item.index % plan.multiply if rounds is None else rounds.copy_of(item.index)


def message_of(plan: Plan, recording: Recording, rounds: Rounds | None) -> Callable[[Item], Message]:
    """How the message of an item is read: as recorded, or with the ids of the copy that sends it."""
    copies, salt = plan.multiply, str(plan.seed)

    def copied(item: Item) -> Message:
        message = recording.message(recorded_item(item, copies))
        copy = item.index % copies
        return reidentify(message, copy=copy, salt=salt) if copy else message

    def of_its_pass(item: Item) -> Message:
        copy = copy_of(plan, item, rounds)
        return reidentify(recording.message(recorded_before(item, copy)), copy=copy, salt=salt)

    if rounds is not None:
        return of_its_pass
    return recording.message if copies == 1 else copied


def key_as_read(plan: Plan) -> Callable[[str], str] | None:
    """How a key of an item becomes the one by which a read names that person; None where they are one."""
    if plan.multiply == 1 and plan.step is None:
        return None
    salt = str(plan.seed)

    def renamed(key: str) -> str:
        copy, _, recorded = key.partition("~")  # of `1~u:ann`; a key of copy 0 begins with its kind
        return recorded[:2] + copied_id(recorded[2:], int(copy), salt) if copy.isdigit() else key

    return renamed
