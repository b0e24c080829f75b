"""What a developer can do about each kind of failure."""

from typing import Final

AGAIN: Final = "Keep the messages of a request that was answered so, and send them again later."
NEVER: Final = (
    "Give up a request that was answered so: the same bytes get the same answer. Report its messages as lost."
)
NETWORK: Final = (
    "Treat a failed connection and an answer that cannot be read like a 503: keep the messages, close the "
    "connection, try again after a wait."
)
TIMEOUT: Final = (
    "Set a time-out for the answer, ten seconds or so. Then close the connection and try again; the same "
    "messageId lets the receiver drop what it has already."
)
TAKEN: Final = "Go by the status alone: any 2xx has the messages. What is sent again is a duplicate."
REDIRECT: Final = "Do not count a 3xx as a delivery: follow it, try again, or report the messages as lost."
WAIT: Final = (
    "Read Retry-After and let nothing of this request leave before it is over; take the time from a "
    "monotonic clock, from the answer on, and round up."
)
DATES: Final = (
    "Read Retry-After as an HTTP date too, in its three forms (RFC 9110, 5.6.7), and wait until that instant."
)
LOOP: Final = (
    "Take a wait of nothing, below zero or in the past for no wait at all, and back off at your own pace: at "
    "least half a second, then doubled."
)
GARBAGE: Final = (
    "Take a Retry-After that is neither whole seconds nor a date for none, and back off at your own pace; "
    "reading it must not throw."
)
CAP: Final = "Cut waits: at 300 s what you are told, at about a minute what you choose."
LATEST: Final = "Let each answer set the pause anew; what an earlier one said is over."
ANY_STATUS: Final = "Obey Retry-After on every status that you try again, not on 429 alone."
PAUSE_ALL: Final = (
    "Let a Retry-After pause the sender, not one request: the limit counts all requests of a source."
)
UNCOUNTED: Final = (
    "Do not count a wait that you were told among the tries that failed; bound the time in all instead."
)
HINT: Final = "Where there is no Retry-After, X-RateLimit-Reset or RateLimit's t is the better guess."
BEFORE: Final = "Where Retry-After and other headers differ, go by Retry-After."
SLOWER: Final = "Refused again right after a wait as told, add some to the next: the limit is shared."
GROW: Final = "Double the wait with each failure in a row."
JITTER: Final = (
    "Draw each wait by chance, between half of it and all of it, say: clients that failed together must not "
    "come again together."
)
FIRST: Final = "Wait before the first repetition too: half a second or so, by chance."
ANEW: Final = "Begin with the shortest wait again once a request was taken."
HERD: Final = (
    "Add some time by chance to what you are told, a tenth of it or more: everybody is told the same, and "
    "who comes again at the same instant is refused again."
)
LOST: Final = "Find where these messages went: each must arrive, or be reported as given up."
TWICE: Final = "Take a message off the queue once a 2xx has answered it, and only what is in that request."
IDS: Final = "Choose the messageId when the message is made, not when it is sent."
CONTENT: Final = "Make timestamp and content when the message is made; a repetition changes sentAt alone."
ORDER: Final = "Put what was refused back at the front. Segment does not promise order, so this may be meant."
REPORT: Final = (
    "Tell somebody what is given up: a callback, the log, the exit code, or the file that HARNESS_DROPPED "
    "names."
)
BOUND: Final = "Bound the queue, and say what becomes of a message that finds it full."
SHUTDOWN: Final = (
    "On SIGTERM wake what sleeps, send or store what can be, report the rest, and end within seconds."
)
SIZE: Final = (
    "Measure the bytes of the JSON as it is sent: 32 KB a message, 500 KB a batch. Refuse a larger message "
    "where it is made; one of them costs all others of its batch."
)
COUNT: Final = (
    "Leave X-Retry-Count out of the first try, and send 1, 2, 3 with the next ones of the same messages."
)
NOTHING: Final = "Let a flush with an empty queue return at once."
RECOVER: Final = "Cap the waits, and try again soon once one request was taken."
USE: Final = "Send as much as the limit lets through; a wait for one request need not be one for each."
KNOW: Final = "Keep your own count of what was sent in the window once a limit has shown itself."
STARVE: Final = "Put what was refused before what is new, not behind it."
MODEST: Final = "Bound the requests that are under way at once."
