"""The line that sends a stored event once more from a shell, with a placeholder for the key.

Whatever the event holds, the shell takes it as one text: it stands in single quotes, and what a terminal would act on
while it is pasted (control characters, marks that turn the direction of writing) is written as an escape of JSON.
Pure: no Django, no I/O.
"""

import re
import shlex

from events.marked_json import with_escapes

KEY = "YOUR_API_KEY"
MOST_BYTES = 100_000  # Linux takes 131,072 in one argument; what is longer is sent from a file
_breaks = re.compile(r"[\t\n\r]+")  # in JSON they stand between values only


def curl_line(address: str, body: str, file_name: str) -> str:
    """The command for a POSIX shell. `file_name` is where a body that is too long for a line is to be saved."""
    text = with_escapes(_breaks.sub(" ", body))
    data = f"-d {shlex.quote(text)}" if len(text.encode()) <= MOST_BYTES else f"--data-binary @{file_name}"
    return (
        f"curl -X POST {shlex.quote(address)} \\\n"
        f'  -H "Authorization: Bearer {KEY}" \\\n'
        f'  -H "Content-Type: application/json" \\\n'
        f"  {data}"
    )
