"""Reads the message of an import: its options, and its contacts batch by batch (contacts/imports.py).

The contacts stay as they were sent until their batch is read, so that a long import takes little more memory than its
text, and a contact that cannot be read is its own problem alone. No database.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

import msgspec

from contacts.address_book import AddressBook
from contacts.change import ContactChange
from contacts.import_options import ImportOptions, read_imported
from contacts.payload import ContactError
from contacts.people import Refused
from contract.json_values import JsonValue, NotJsonError, decode
from contract.reasons import Problem

CHUNK = 500  # contacts of a batch, which is a transaction: some 0.1 s, and no contact is locked for longer

type Batch = dict[int, ContactChange | Refused]  # what each contact says, by its index


class _Import(msgspec.Struct):
    """An import's message, its contacts still as they were sent."""

    contacts: list[msgspec.Raw]


_decoder = msgspec.json.Decoder(_Import)
_options_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def split_contacts(body: bytes) -> list[msgspec.Raw]:
    """The JSON text of each contact. Raises msgspec.DecodeError for what is no object with an array of contacts."""
    return _decoder.decode(body).contacts


def options_message(body: bytes) -> dict[str, JsonValue]:
    """The members of an import's message besides its contacts. Raises what split_contacts() and decode() raise."""
    members = _options_decoder.decode(body)
    return {name: decode(bytes(value)) for name, value in members.items() if name != "contacts"}


class PreparedImport:
    """What is read of an import's body once for all of its batches.

    While PostgreSQL writes one batch, a thread reads the next one: a third of the time that an import takes.
    """

    def __init__(
        self, session_id: UUID, options: ImportOptions, contacts: Sequence[msgspec.Raw], book: AddressBook
    ) -> None:
        self.session_id = session_id
        self.options = options
        self.contacts = contacts
        self.book = book
        self._next: tuple[int, Future[Batch]] | None = None

    def batch(self, start: int) -> Batch:
        """What each contact of the batch that begins there says, by its index."""
        ahead, self._next = self._next, None
        batch = ahead[1].result() if ahead is not None and ahead[0] == start else self._read(start)
        following = start + CHUNK
        if following < len(self.contacts):
            self._next = following, _reader.submit(self._read, following)
        return batch

    def _read(self, start: int) -> Batch:
        indexes = range(start, min(start + CHUNK, len(self.contacts)))
        return {index: _read(self.contacts[index], self.book, self.options, index) for index in indexes}


_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-reader")


def _read(contact: msgspec.Raw, book: AddressBook, options: ImportOptions, index: int) -> ContactChange | Refused:
    try:
        return read_imported(decode(bytes(contact)), book, options, f"/contacts/{index}")
    except ContactError as error:
        return Refused("", error.problems)
    except NotJsonError as error:
        return Refused(
            "",
            tuple(
                Problem(pointer=f"/contacts/{index}{at.pointer}", code=at.code, detail=at.detail)
                for at in error.refusals
            ),
        )
