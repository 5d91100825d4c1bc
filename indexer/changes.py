"""What changed from one generation to another: by id, and by the content of what is indexed and shown."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from indexer.generations import lease
from indexer.manifest import check_files, read_manifest
from indexer.passages import PassageStore


@dataclass(frozen=True, slots=True)
class Changes:
    """Ids, sorted.

    Attributes:
        changed: Of passages, those with another indexed text. Of documents, those that both generations have
            and of which a passage came, went or differs in any way.
        details: Passages with the same text, of which something shown beside it differs: title, source,
            edition, place in the document.
    """

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """From ``before`` to ``after``."""

    before: str
    after: str
    documents: Changes
    passages: Changes


def difference(directory: Path, before: str, after: str) -> Difference:
    """Compare two generations without searching them: neither analyzer nor encoder is needed.

    Raises:
        IndexCorrupt, IndexMismatch: If one is damaged (sizes and the manifest are looked at) or of another
            format.
    """
    with ExitStack() as stack:
        old, new = (_store(directory, name, stack) for name in (before, after))
        passages, touched = _passages(old, new)
        return Difference(before, after, _documents(old, new, touched), passages)


def _store(directory: Path, name: str, stack: ExitStack) -> PassageStore:
    held = lease(directory, name)
    stack.callback(held.release)
    check_files(held.folder, read_manifest(held.folder), verify=False)
    return PassageStore(held.folder)


def _passages(old: PassageStore, new: PassageStore) -> tuple[Changes, set[str]]:
    """The passages' changes, and the documents that they are of. Rows are in id order, so both are merged."""
    changes = Changes()
    touched: set[str] = set()
    unchanged = left = right = 0
    old_ids, new_ids = list(old.ids), list(new.ids)
    while left < len(old_ids) or right < len(new_ids):
        first = old_ids[left] if left < len(old_ids) else None
        second = new_ids[right] if right < len(new_ids) else None
        if second is None or (first is not None and first < second):
            changes.removed.append(old_ids[left])
            touched.add(old.document_id(left))
            left += 1
            continue
        if first is None or second < first:
            changes.added.append(second)
            touched.add(new.document_id(right))
            right += 1
            continue
        if old.hashes[left].tobytes() != new.hashes[right].tobytes():
            changes.changed.append(first)
        elif not old.shows_the_same(left, new, right):
            changes.details.append(first)
        else:
            unchanged += 1
            left, right = left + 1, right + 1
            continue
        touched |= {old.document_id(left), new.document_id(right)}
        left, right = left + 1, right + 1
    return Changes(changes.added, changes.removed, changes.changed, changes.details, unchanged), touched


def _documents(old: PassageStore, new: PassageStore, touched: set[str]) -> Changes:
    before, after = _document_ids(old), _document_ids(new)
    both = before & after
    return Changes(
        added=sorted(after - before),
        removed=sorted(before - after),
        changed=sorted(both & touched),
        unchanged=len(both - touched),
    )


def _document_ids(store: PassageStore) -> set[str]:
    return {store.document_id(row) for row in range(len(store))}
