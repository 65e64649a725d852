"""A person's word: about exactly one patch, signed, for a while."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.judgement import Admission, AdmissionItem
from coderoute.domain.run import Approval
from coderoute.domain.task import Base
from coderoute.domain.work import Patch
from coderoute.errors import BadInput, Refused
from coderoute.stages.approve import (
    CLOCK_SLACK,
    LIFETIME,
    Exhibit,
    Person,
    approve,
    check_patch_name,
    holds,
    signature,
    withdrawal,
    withdrawn,
)  # fmt: skip

SHA = "0123456789abcdef" * 4
KEY = b"k" * 32
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PERSON = Person(user="ada", claimed_as=None, note=None, channel="command")


def item(item_id: str, *, refuses: bool = False) -> AdmissionItem:
    return AdmissionItem(id=item_id, rule="r", path="a", line=None, detail=f"about {item_id}", refuses=refuses)


EXHIBIT = Exhibit(
    run_id="run-1", base=Base(commit="c", tree="bt", target="refs/heads/main", repository_id="repo"),
    patch=Patch(base_tree="bt", tree="t", sha256=SHA, path="/p", changes=()),
    admission=Admission(items=(item("ci:a.yml"), item("tests.removed:t.py"))), plan_sha256="plan",
    evidence_sha256="evidence", version="0.1.0",
)  # fmt: skip
ITEMS = ("tests.removed:t.py", "ci:a.yml")


def approved(
    exhibit: Exhibit = EXHIBIT, *, patch_name: str = SHA, acknowledged: tuple[str, ...] = ITEMS, seen: bool = True,
    person: Person = PERSON,
) -> Approval:  # fmt: skip
    return approve(
        exhibit, person, patch_name=patch_name, acknowledged=acknowledged, seen=seen, key=KEY, now=NOW, nonce="n"
    )


@pytest.mark.parametrize("name", [SHA, SHA[:12], SHA[:13], SHA[:63], SHA.upper(), f" {SHA[:12]}\n"])
def test_a_patch_is_named_by_at_least_twelve_digits_of_its_hash(name: str) -> None:
    check_patch_name(name, EXHIBIT.patch)


@pytest.mark.parametrize(
    "name",
    ["", SHA[:11], SHA + "0", "g" * 12, "0x123456789abc", "last", "yes", "\uff10" * 12, "0123456789ab " + SHA[12:]],
)
def test_anything_else_is_no_name_of_a_patch(name: str) -> None:
    with pytest.raises(BadInput, match="is no patch hash"):
        check_patch_name(name, EXHIBIT.patch)


@pytest.mark.parametrize("name", ["f" * 12, "0123456789ac", SHA[:-1] + "0", SHA[1:13]])
def test_the_name_of_another_patch_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="the patch of this run is 0123456789ab, not"):
        check_patch_name(name, EXHIBIT.patch)


def test_what_was_not_shown_in_full_cannot_be_approved() -> None:
    with pytest.raises(Refused, match="not shown in full"):
        approved(seen=False)


def test_a_missing_acknowledgement_is_listed_with_its_option() -> None:
    with pytest.raises(Refused) as refused:
        approved(acknowledged=("ci:a.yml",))
    assert "1 protected item" in refused.value.problem
    assert "--ack tests.removed:t.py   about tests.removed:t.py" in refused.value.problem
    assert "ci:a.yml" not in refused.value.problem


def test_an_acknowledgement_of_nothing_is_a_mistake() -> None:
    with pytest.raises(BadInput, match="--ack 'ci' is no protected item") as refused:
        approved(acknowledged=(*ITEMS, "ci"))
    assert refused.value.remedy == "the items are: ci:a.yml, tests.removed:t.py"


def test_what_admission_refuses_nobody_can_approve() -> None:
    refused = Admission(items=(*EXHIBIT.admission.items, item("content.binary:x", refuses=True)))
    with pytest.raises(Refused, match=r"admission refuses this patch: about content\.binary:x"):
        approved(replace(EXHIBIT, admission=refused))


def test_an_approval_says_who_what_and_until_when() -> None:
    person = Person(user="ada", claimed_as="Ada L.", note="fine", channel="terminal")
    record = approved(person=person, acknowledged=("ci:a.yml", *ITEMS))
    assert record == replace(
        Approval(
            run_id="run-1", repository_id="repo", target="refs/heads/main", base_commit="c", base_tree="bt", tree="t",
            patch_sha256=SHA, plan_sha256="plan", evidence_sha256="evidence", version="0.1.0",
            acknowledged=("ci:a.yml", "tests.removed:t.py"), by="ada", claimed_as="Ada L.", note="fine",
            channel="terminal", at=NOW.isoformat(), expires_at=(NOW + LIFETIME).isoformat(), nonce="n", signature="",
        ),
        signature=record.signature,
    )  # fmt: skip


def test_an_approval_holds_for_what_it_was_given() -> None:
    assert holds(approved(), EXHIBIT, KEY, NOW) is None


@pytest.mark.parametrize(
    ("what", "moment", "said"),
    [
        ("at once", NOW, None),
        ("until just before the end", NOW + LIFETIME - timedelta(microseconds=1), None),
        ("not at the end", NOW + LIFETIME, "it expired at 2026-11-23T12:00:00+00:00"),
        ("nor long after", NOW + timedelta(days=3000), "it expired at"),
        ("the clock is set back a little", NOW - CLOCK_SLACK, None),
        ("the clock is set back", NOW - CLOCK_SLACK - timedelta(seconds=1), "the clock was set back"),
        ("by years", NOW - timedelta(days=3000), "the clock was set back"),
        ("another zone tells the same time", NOW.astimezone(), None),
    ],
)
def test_an_approval_holds_for_a_day(what: str, moment: datetime, said: str | None) -> None:
    why = holds(approved(), EXHIBIT, KEY, moment)
    assert (why is None) if said is None else (why is not None and said in why), what


ELSEWHERE = {
    "run": replace(EXHIBIT, run_id="run-2"),
    "repository": replace(EXHIBIT, base=replace(EXHIBIT.base, repository_id="other")),
    "target": replace(EXHIBIT, base=replace(EXHIBIT.base, target=None)),
    "base commit": replace(EXHIBIT, base=replace(EXHIBIT.base, commit="d")),
    "base tree": replace(EXHIBIT, base=replace(EXHIBIT.base, tree="d")),
    "tree": replace(EXHIBIT, patch=replace(EXHIBIT.patch, tree="u")),
    "patch": replace(EXHIBIT, patch=replace(EXHIBIT.patch, sha256="f" * 64)),
    "plan": replace(EXHIBIT, plan_sha256="other"),
    "evidence": replace(EXHIBIT, evidence_sha256="other"),
    "version of coderoute": replace(EXHIBIT, version="0.2.0"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_an_approval_holds_for_nothing_else(name: str) -> None:
    assert f"the {name} is not what was approved" in str(holds(approved(), ELSEWHERE[name], KEY, NOW))


def test_an_item_that_came_later_was_not_acknowledged() -> None:
    more = replace(EXHIBIT, admission=Admission(items=(*EXHIBIT.admission.items, item("ci:b.yml"))))
    assert "not those that were acknowledged" in str(holds(approved(), more, KEY, NOW))


@pytest.mark.parametrize("field", [field.name for field in fields(Approval)])
def test_a_record_that_was_changed_in_any_field_does_not_hold(field: str) -> None:
    record = approved()
    value: Any = ("x",) if field == "acknowledged" else "x"
    changed = replace(record, **{field: value})
    assert getattr(changed, field) != getattr(record, field)
    assert "signature does not fit" in str(holds(changed, EXHIBIT, KEY, NOW))


@given(st.sampled_from([f.name for f in fields(Approval) if f.name != "acknowledged"]), st.text(st.characters()))
def test_no_text_in_any_field_passes_for_the_signed_one(field: str, text: str) -> None:
    record = approved()
    if getattr(record, field) != text:
        assert holds(replace(record, **{field: text}), EXHIBIT, KEY, NOW) is not None  # type: ignore[arg-type]


def test_nothing_and_its_name_are_not_the_same() -> None:
    record = approved()
    assert signature(replace(record, note="None"), KEY) != signature(replace(record, note=None), KEY)


def test_a_record_of_another_format_does_not_hold_however_well_it_is_signed() -> None:
    later = replace(approved(), v=2)
    later = replace(later, signature=signature(later, KEY))

    assert "made in another format (2" in str(holds(later, EXHIBIT, KEY, NOW))


def test_a_record_signed_with_another_key_does_not_hold() -> None:
    assert "signature does not fit" in str(holds(approved(), EXHIBIT, b"j" * 32, NOW))


def test_a_withdrawn_approval_does_not_hold_and_a_later_one_does() -> None:
    record, later = approved(), replace(approved(), nonce="n2")
    later = replace(later, signature=signature(later, KEY))
    void = withdrawn([withdrawal([record], why="the run was rejected", now=NOW)])

    assert holds(record, EXHIBIT, KEY, NOW, void=void) == f"it was withdrawn: the run was rejected at {NOW.isoformat()}"
    assert holds(record, EXHIBIT, KEY, NOW) is None
    assert holds(later, EXHIBIT, KEY, NOW, void=void) is None


def test_who_withdraws_twice_is_told_the_first_reason() -> None:
    first, second = (withdrawal([approved()], why=why, now=NOW) for why in ("sent back", "rejected"))
    assert withdrawn([first, second]) == {"n": f"sent back at {NOW.isoformat()}"}


def test_a_withdrawn_approval_does_not_escape_under_another_nonce() -> None:
    void = withdrawn([withdrawal([approved()], why="rejected", now=NOW)])
    assert "signature does not fit" in str(holds(replace(approved(), nonce="m"), EXHIBIT, KEY, NOW, void=void))
