"""Passwords, PINs and one-time codes as they are kept: set, tried, used up (decision 0039).

A try is counted as failed before it is known whether it fits, in a transaction of its own, and taken back when it did. So neither a
restart nor many tries at once let anybody guess more often than `redrabbit.domain.throttle` says.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from math import ceil

from redrabbit.domain.beside import digest_of, new_secret
from redrabbit.domain.credential import Credential, CredentialKind
from redrabbit.domain.errors import Refusal
from redrabbit.domain.one_time_code import CodePurpose, OneTimeCode, code_made
from redrabbit.domain.throttle import FREE_OF_ADDRESS, SignInAttempts, network_of, of_address
from redrabbit.services.ports import Reader, UnitOfWork


def subject_of(person_id: str, kind: CredentialKind) -> str:
    """Return under what tries at one credential of a person are counted: a locked PIN locks no password."""
    return f"{kind.value} {person_id}"


def begin_try(uow: UnitOfWork, subject: str, address: str) -> None:
    """Count a try before it is known whether it is right; Refusal where it comes too soon, or what is tried is locked."""
    by_subject = _attempts(uow, subject)
    is_locked = by_subject.is_locked
    begin_try_from(uow, address, uow.now if is_locked else by_subject.next_at(uow.now))
    if is_locked:
        raise Refusal("credential_locked")
    uow.keep_row(by_subject.tried(uow.now))


def begin_try_from(uow: UnitOfWork, address: str, not_before: datetime | None = None) -> None:
    """Count a try from an address alone, which is never locked; Refusal where it comes too soon."""
    uow.keep_row(_due(uow, _address(address), not_before).tried(uow.now))


def refuse_scan_too_soon(uow: UnitOfWork, station: str) -> None:
    """Refuse a scan at a station where so many in a row were nobody's badge that somebody seems to guess."""
    _due(uow, _scans_at(station))


def count_scan_of_nobody(uow: UnitOfWork, station: str) -> None:
    """Count a scan that was nobody's badge, in the transaction that found it so.

    It counts as what failed from an address does: nothing is ever locked, and an hour without one forgets them. A badge
    that is somebody's takes nothing back, or whoever has one could guess on between two scans of it.
    """
    uow.keep_row(_due(uow, _scans_at(station)).tried(uow.now))


def take_scan_back(uow: UnitOfWork, station: str) -> None:
    """Take back the one scan that turned out to be what the station had asked for: it was no guess."""
    _take_one_back(uow, _scans_at(station))


def count_badge_given(uow: UnitOfWork, person_id: str) -> None:
    """Count a badge that a person gives as guessed, before it is known whose it is; Refusal where it comes too soon. As with scans."""
    uow.keep_row(_due(uow, _given_by(person_id)).tried(uow.now))


def settle_badges_given(uow: UnitOfWork, person_id: str, told: int) -> None:
    """Let so many badges count as guessed in place of the one that was counted before."""
    kept = _attempts(uow, _given_by(person_id))
    uow.keep_row(replace(kept, failures=max(0, kept.failures - 1 + told)))


def has_fitted(uow: UnitOfWork, subject: str, address: str) -> None:
    """Take back the try that was right: nothing counts for the subject any more, and this one not for the address."""
    uow.forget_rows(SignInAttempts, subject=subject)
    has_fitted_from(uow, address)


def has_fitted_from(uow: UnitOfWork, address: str) -> None:
    """Take back the try that was right: it does not count for the address."""
    _take_one_back(uow, _address(address))


def is_locked(reader: Reader, subject: str) -> bool:
    """Return whether so much failed that somebody else has to unlock it."""
    kept = reader.row(SignInAttempts, subject)
    return kept is not None and kept.is_locked


def settle(uow: UnitOfWork, subject: str, at: datetime) -> None:
    """Let failures count no more that came before this instant: somebody unlocked the credential then, or it is long ago."""
    kept = uow.row(SignInAttempts, subject)
    if kept is not None and kept.last_at < at:
        unlock(uow, subject)


def unlock(uow: UnitOfWork, subject: str) -> None:
    """Let what was locked be tried again."""
    uow.forget_rows(SignInAttempts, subject=subject)


def set_credential(uow: UnitOfWork, person_id: str, kind: CredentialKind, hashed: str) -> None:
    """Keep the hash of a person's new password or PIN; what failed before counts no more."""
    uow.keep_row(Credential(person_id=person_id, kind=kind, hash=hashed, set_at=uow.now))
    unlock(uow, subject_of(person_id, kind))


def forget_credentials(uow: UnitOfWork, person_id: str) -> None:
    """Forget what a person knew, and the links to set it anew: nobody signs in as them before a new one."""
    uow.forget_rows(Credential, person_id=person_id)
    uow.forget_rows(OneTimeCode, purpose=CodePurpose.SET_PASSWORD, subject=person_id)
    for kind in CredentialKind:
        unlock(uow, subject_of(person_id, kind))


def forget_codes(uow: UnitOfWork, person_id: str) -> None:
    """Forget each code that was given to a person or that they made for others: it stands for what they were then."""
    for purpose in CodePurpose:
        for code in uow.rows(OneTimeCode, purpose=purpose):
            if person_id in code.subject.split(" "):
                uow.forget_rows(OneTimeCode, digest=code.digest)


def give_code(uow: UnitOfWork, purpose: CodePurpose, subject: str, code: str | None = None) -> str:
    """Return a new code, the only one that works for this from now on; it is shown once and not kept.

    `code` is what it shall be; None: one that nobody types.
    """
    uow.forget_rows(OneTimeCode, purpose=purpose, subject=subject)
    _forget_old(uow, uow.rows(OneTimeCode, purpose=purpose))
    code = code or new_secret()
    uow.keep_row(code_made(digest_of(code), purpose, subject, uow.now))
    return code


def subject_of_code(reader: Reader, code: str, purpose: CodePurpose) -> OneTimeCode | None:
    """Return the code as it is kept, whether it works or not; None where there is none."""
    kept = reader.row(OneTimeCode, digest_of(code))
    return kept if kept is not None and kept.purpose is purpose else None


def use_code(uow: UnitOfWork, code: str, purpose: CodePurpose) -> str:
    """Use a code up and return whom it is for; Refusal where it does not work, without saying why."""
    kept = subject_of_code(uow, code, purpose)
    if kept is None or not kept.works(purpose, uow.now):
        raise Refusal("code_does_not_work")
    uow.keep_row(kept.used(uow.now))
    return kept.subject


def _forget_old(uow: UnitOfWork, codes: Iterable[OneTimeCode]) -> None:
    for code in codes:
        if not code.works(code.purpose, uow.now):
            uow.forget_rows(OneTimeCode, digest=code.digest)


def _attempts(uow: UnitOfWork, subject: str) -> SignInAttempts:
    return uow.row(SignInAttempts, subject) or SignInAttempts.none(subject, uow.now)


def _due(uow: UnitOfWork, subject: str, not_before: datetime | None = None) -> SignInAttempts:
    """Return what counts of an address or a station now; Refusal where the next try from there comes too soon."""
    kept = of_address(_attempts(uow, subject), uow.now)
    next_at = max(kept.next_at(uow.now, FREE_OF_ADDRESS), not_before or uow.now)
    if next_at > uow.now:
        raise Refusal("too_many_tries", retry_after_s=ceil((next_at - uow.now).total_seconds()))
    return kept


def _take_one_back(uow: UnitOfWork, subject: str) -> None:
    kept = _attempts(uow, subject)
    uow.keep_row(replace(kept, failures=max(0, kept.failures - 1)))


def _scans_at(station: str) -> str:
    return f"badges {station}"


def _given_by(person_id: str) -> str:
    return f"badges given by {person_id}"


def _address(address: str) -> str:
    return f"address {network_of(address)}"
