"""Leases: their time runs from the pulse that renewed them, and ends before the gateway's does."""

from __future__ import annotations

from uuid import uuid4

from services.scraper.leases import MARGEM_S, Pulsos


def test_validity_counts_from_when_the_pulse_was_sent() -> None:
    pulsos, pulso_id = Pulsos(), uuid4()
    pulsos.note_sent(pulso_id, 100.0, [1, 2])
    assert pulsos.answer(pulso_id, (1, 2), 30.0) == ({1: 130.0 - MARGEM_S, 2: 130.0 - MARGEM_S}, set())


def test_a_lease_that_was_named_and_is_not_answered_is_lost() -> None:
    pulsos, pulso_id = Pulsos(), uuid4()
    pulsos.note_sent(pulso_id, 100.0, [1, 2])
    assert pulsos.answer(pulso_id, (2,), 30.0) == ({2: 120.0}, {1})


def test_a_lease_granted_after_the_pulse_is_not_touched_by_its_answer() -> None:
    pulsos, pulso_id = Pulsos(), uuid4()
    pulsos.note_sent(pulso_id, 100.0, [1])
    assert pulsos.answer(pulso_id, (1, 3), 30.0) == ({1: 120.0}, set())


def test_an_answer_counts_once() -> None:
    pulsos, pulso_id = Pulsos(), uuid4()
    pulsos.note_sent(pulso_id, 100.0, [1])
    pulsos.answer(pulso_id, (1,), 30.0)
    assert pulsos.answer(pulso_id, (), 30.0) == ({}, set())
