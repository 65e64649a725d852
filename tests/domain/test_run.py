from coderoute.domain.run import EXIT_CODES, FINISHED, Status


def test_every_status_has_the_exit_code_that_other_programs_rely_on() -> None:
    assert EXIT_CODES == {
        "merged": 0, "awaiting_approval": 0, "approved": 0, "planned": 0, "failed": 1, "rejected": 3, "cancelled": 3,
        "blocked": 4, "exhausted": 5, "unavailable": 69, "interrupted": 130, "running": 130,
    }  # fmt: skip
    assert set(EXIT_CODES) == set(Status)


def test_what_waits_for_a_person_or_a_service_is_not_finished() -> None:
    waiting = {Status.PLANNED, Status.AWAITING_APPROVAL, Status.APPROVED, Status.BLOCKED, Status.UNAVAILABLE}
    assert not FINISHED & (waiting | {Status.RUNNING, Status.INTERRUPTED})
