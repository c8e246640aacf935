"""Password hashes: Argon2id, calibrated once to cost an attacker as much as a login may cost a person.

Source of the smallest parameters: OWASP ASVS 5.0, appendix C (one pass over 46 MiB, one lane).
"""

import secrets
import time
from dataclasses import dataclass

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from facekd_db.records import Json

MEMORY_KIB = 64 * 1024
MEMORY_LEAST_KIB = 46 * 1024
TARGET_MS = 180.0
"""The middle of what a person does not notice and an attacker does: 100 to 300 ms."""
LONGEST = 1024
"""Characters; more is refused before any work is done."""

_WORDS = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class Cost:
    """Argon2id's parameters; one lane, so that two cores cannot halve the time."""

    passes: int
    memory_kib: int

    def to_json(self) -> Json:
        return {"passes": self.passes, "memory_kib": self.memory_kib}

    @classmethod
    def from_json(cls, value: Json) -> "Cost | None":
        """The stored cost, or None for something else or something weaker than the least allowed."""
        if not isinstance(value, dict):
            return None
        passes, memory = value.get("passes"), value.get("memory_kib")
        if (
            not isinstance(passes, int)
            or not isinstance(memory, int)
            or passes < 1
            or memory < MEMORY_LEAST_KIB
        ):
            return None
        return cls(passes, memory)


def calibrate(target_ms: float = TARGET_MS) -> Cost:
    """The cost that takes about `target_ms` on this computer, never below the least allowed."""
    one = min(_time_ms(Cost(1, MEMORY_KIB)) for _ in range(2))
    if one > target_ms * 1.5:
        return Cost(1, MEMORY_LEAST_KIB)
    return Cost(max(1, round(target_ms / one)), MEMORY_KIB)


class Hasher:
    """Hashes and verifies at one cost."""

    def __init__(self, cost: Cost) -> None:
        self.cost = cost
        self._argon = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1)
        self._dummy = self._argon.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """The string to store. Raises ValueError for a password of more than 1,024 characters."""
        if len(password) > LONGEST:
            raise ValueError(f"expected a password of at most {LONGEST} characters, got {len(password)}")
        return self._argon.hash(password)

    def verify(self, password: str, hashed: str | None) -> bool:
        """Whether the password fits; without a hash it does the same work and says no."""
        try:
            return self._argon.verify(hashed or self._dummy, password[:LONGEST]) and hashed is not None
        except (VerificationError, InvalidHashError):
            return False

    def is_weak(self, hashed: str) -> bool:
        """Whether a hash was made at a lower cost than today's."""
        was = extract_parameters(hashed)
        return was.time_cost < self.cost.passes or was.memory_cost < self.cost.memory_kib


def one_time_password() -> str:
    """Four groups of four letters and digits (80 bits) without those that look alike, to be read out once."""
    return "-".join("".join(secrets.choice(_WORDS) for _ in range(4)) for _ in range(4))


def _time_ms(cost: Cost) -> float:
    argon = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1)
    start = time.perf_counter()
    argon.hash("calibration")
    return (time.perf_counter() - start) * 1000
