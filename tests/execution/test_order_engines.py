"""What was cut short is ended by the engine that its intent's own words name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from atapi.domain.orders import Amendment
from atapi.execution.effects import Ask, AttemptState, Cancel, Effect, Now, Send, Sleep, WriteAttempt
from atapi.execution.executor import Transaction
from atapi.execution.journal import Journal
from atapi.execution.order_engines import (
    AMEND,
    CANCEL,
    CANCEL_FOREIGN,
    FOLLOW,
    KINDS,
    PLACE,
    amend_text,
    cancel_foreign_text,
    order_text,
    recovering,
)
from tests.execution.order_venue import TERMS
from tests.execution.simulation import START
from tests.execution.test_leg import SENDING

ROW = replace(SENDING, state=AttemptState.RESTING, order_id="7")
NAME = ROW.request.client_order_id
CHANGE = Amendment(
    market=ROW.request.market, symbol="BTCUSDT", side=ROW.request.side, client_order_id=NAME,
    quantity=ROW.request.quantity, price=ROW.request.quantity,
)  # fmt: skip
WORDS = {
    PLACE: TERMS.as_text(),
    FOLLOW: order_text(ROW, "BTC"),
    CANCEL: order_text(ROW, "BTC"),
    CANCEL_FOREIGN: cancel_foreign_text(ROW.request.market, "BTCUSDT", "web_1"),
    AMEND: amend_text(CHANGE, "BTC"),
}
FIRST: dict[str, type[Effect] | None] = {  # the first effect that reaches the venue
    PLACE: None,  # nothing was out, so nothing is sent
    FOLLOW: Ask,
    CANCEL: Cancel,
    CANCEL_FOREIGN: Cancel,
    AMEND: Ask,
}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "journal.db", {"network": "paper"}, seed=b"test")
    assert made.create_intent(None, PLACE, TERMS.as_text(), START) == ROW.intent_id
    return made


def first_of(journal: Journal, kind: str) -> Effect | None:
    """Recover an intent of that kind, and tell what it asks the venue first."""
    intent_id = journal.create_intent(None, kind, WORDS[kind], START)
    of = Transaction(intent_id=intent_id, instance="test", rows={}, resumed=True)
    engine = recovering(journal.intent(intent_id), journal)(of)
    result: Any = None
    try:
        while isinstance(effect := engine.send(result), Now | WriteAttempt):
            result = START if isinstance(effect, Now) else None
    except StopIteration:
        return None
    return effect


@pytest.mark.parametrize("kind", KINDS)
def test_a_live_order_is_taken_up_where_it_was_left(journal: Journal, kind: str) -> None:
    journal.write_attempt(ROW, START)

    found = first_of(journal, kind)

    expected = FIRST[kind]
    assert found is None if expected is None else isinstance(found, expected)
    assert not isinstance(found, Send)


@pytest.mark.parametrize("kind", [FOLLOW, CANCEL, AMEND])
def test_an_order_that_has_ended_needs_nothing(journal: Journal, kind: str) -> None:
    journal.write_attempt(replace(ROW, state=AttemptState.REJECTED), START)

    assert first_of(journal, kind) is None


@pytest.mark.parametrize("kind", [FOLLOW, CANCEL, AMEND])
def test_an_order_that_is_unclear_is_asked_for_first(journal: Journal, kind: str) -> None:
    journal.write_attempt(SENDING, START)

    assert isinstance(first_of(journal, kind), Ask | Sleep)
