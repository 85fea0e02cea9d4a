"""The keys of personal data: what seals a field of a person, and what finds a document number without reading it.

Only talent holds these keyrings. Ciphertext is bound to the person and the column, and serves the record and the reports on
it alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from chassis.keys import FieldCipher, KeyRing, LookupHash, read_keyring
from services.talent.rules.identity import Identity

ENCRYPTION, LOOKUP = "id_encryption", "id_lookup"

ID_NUMBER, NAME, PHONE = "people.id_number", "people.name", "people.phone"


@dataclass(frozen=True)
class PeopleKeys:
    """Seals, opens and looks up the personal fields of people."""

    cipher: FieldCipher
    hashes: LookupHash

    def seal(self, person_id: UUID, column: str, value: str) -> bytes:
        """The value, readable only for this person and column."""
        return self.cipher.seal(value, row=str(person_id), column=column)

    def open(self, person_id: UUID, column: str, sealed: bytes) -> str:
        """What `seal` sealed; raises KeyProblem for anything else."""
        return self.cipher.open(sealed, row=str(person_id), column=column)

    def lookup(self, identity: Identity) -> bytes:
        """The keyed hash a new person is stored under."""
        return self.hashes.of(f"{identity.space}:{identity.number}", column=ID_NUMBER)

    def lookups(self, identity: Identity) -> list[bytes]:
        """The hashes the person may be stored under: more than one while keys rotate."""
        return self.hashes.all_of(f"{identity.space}:{identity.number}", column=ID_NUMBER)


def of_rings(encryption: KeyRing, lookup: KeyRing) -> PeopleKeys:
    """The keys of two keyrings."""
    return PeopleKeys(FieldCipher(encryption), LookupHash(lookup))


def read_rings(folder: Path, *, is_dev: bool) -> tuple[KeyRing, KeyRing]:
    """The keyrings ``id_encryption`` and ``id_lookup`` of the key folder; raises KeyProblem."""
    return read_keyring(folder, ENCRYPTION, is_dev=is_dev), read_keyring(folder, LOOKUP, is_dev=is_dev)
