"""The keys of personal data: what seals a field of a person, and what finds a document number, or a name and a phone, without
reading it.

Only talent holds these keyrings. Ciphertext is bound to the person and the column, and serves the record and the reports on
it alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from chassis.ground.settings import ServiceSettings
from chassis.keys.rings import FieldCipher, KeyRing, LookupHash, check_canary, read_keyring
from chassis.store.work import Work
from services.talent.rules.identity import Identity

ENCRYPTION, LOOKUP = "id_encryption", "id_lookup"

ID_NUMBER, NAME, PHONE, EMAIL = "people.id_number", "people.name", "people.phone", "people.email"
NAME_AND_PHONE = "people.name_and_phone"


@dataclass(frozen=True)
class PeopleKeys:
    """Seals, opens and looks up the personal fields of people."""

    cipher: FieldCipher
    hashes: LookupHash
    rings: tuple[KeyRing, KeyRing]

    def seal(self, person_id: UUID, column: str, value: str) -> bytes:
        """The value, readable only for this person and column."""
        return self.cipher.seal(value, row=str(person_id), column=column)

    def open(self, person_id: UUID, column: str, sealed: bytes) -> str:
        """What `seal` sealed; raises KeyProblem for anything else."""
        return self.cipher.open(sealed, row=str(person_id), column=column)

    def lookup(self, identity: Identity, *, only_of: str | None = None) -> bytes:
        """The keyed hash a new person is stored under; `only_of` is the department of a provisional one."""
        return self.hashes.of(_looked_up(identity, only_of), column=ID_NUMBER)

    def lookups(self, identity: Identity, *, only_of: str | None = None) -> list[bytes]:
        """The hashes the person may be stored under: more than one while keys rotate."""
        return self.hashes.all_of(_looked_up(identity, only_of), column=ID_NUMBER)

    def contact_lookup(self, name: str, phone: str | None) -> bytes | None:
        """The keyed hash of a name and a phone together, as they are kept; none without a phone."""
        return None if phone is None else self.hashes.of(f"{name}:{phone}", column=NAME_AND_PHONE)

    def contact_lookups(self, name: str, phone: str) -> list[bytes]:
        """The hashes a name and a phone may be stored under."""
        return self.hashes.all_of(f"{name}:{phone}", column=NAME_AND_PHONE)


def _looked_up(identity: Identity, only_of: str | None) -> str:
    number = f"{identity.space}:{identity.number}"
    return number if only_of is None else f"{number}:{only_of}"


def of_rings(encryption: KeyRing, lookup: KeyRing) -> PeopleKeys:
    """The keys of two keyrings."""
    return PeopleKeys(FieldCipher(encryption), LookupHash(lookup), (encryption, lookup))


def load(settings: ServiceSettings) -> PeopleKeys:
    """The keyrings ``id_encryption`` and ``id_lookup`` of the key folder; raises KeyProblem."""
    encryption, lookup = (read_keyring(settings.key_dir, name, is_dev=settings.is_dev) for name in (ENCRYPTION, LOOKUP))
    return of_rings(encryption, lookup)


def prove(work: Work, keys: PeopleKeys) -> None:
    """Refuse keys that are not those this database was written with. Raises KeyProblem."""
    for ring in keys.rings:
        check_canary(work.session, ring)
