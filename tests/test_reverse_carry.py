"""Reverse carry as a user would type it: the shipped example, what the plan says, and the refusals around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_first_carry import STILL, arrays, atapi

SCRIPT = Path(__file__).parents[1] / "examples" / "reverse-carry.atapi"
FUNDED = "transfer 20000usdt spot margin > /dev/null\n"


def test_the_example_is_open_then_repaid(tmp_path: Path) -> None:
    ended = atapi(tmp_path, *STILL, "run", str(SCRIPT))

    assert ended.returncode == 0, ended.stderr
    assert "plan ATOMUSDT reverse, entry basis" in ended.stderr
    assert "repaid: margin owes no ATOM" in ended.stderr
    assert ended.stdout.count("  reverse  ") == 2


def test_the_balances_change_by_exactly_the_profit(tmp_path: Path) -> None:
    lines = [
        "balance --json", "open-spread BTCUSDT 5000usdt --reverse > /dev/null", "paper advance 20h > /dev/null",
        "pnl --json", "balance --json", "close-spread BTCUSDT --json", "pnl --json", "balance --json",
    ]  # fmt: skip

    ended = atapi(tmp_path, *STILL, script=FUNDED + "\n".join(lines))

    before, [standing], during, [closed], [profit], after = arrays(ended.stdout)
    worth = [sum(row["value_usdt"] for row in balance) for balance in (before, during, after)]
    assert worth[1] - worth[0] == standing["total_usdt"]
    assert worth[2] - worth[0] == profit["total_usdt"] == closed["net_usdt"]
    assert profit["interest_usdt"] < 0
    assert "interest: 0.00002" in ended.stderr


def test_the_plan_shows_what_is_borrowed_and_what_it_costs_in_eighty_columns(tmp_path: Path) -> None:
    ended = atapi(
        tmp_path, *STILL,
        script=FUNDED + "open-spread ATOMUSDT 1000usdt --reverse --dry-run --json\norders --all --json\n",
    )  # fmt: skip

    legs, orders = arrays(ended.stdout)
    lines = ended.stderr.splitlines()
    assert [(row["leg"], row["side"]) for row in legs] == [("perp", "BUY"), ("spot", "SELL")]
    assert orders == []
    assert max(map(len, lines)) <= 80
    for shown in ("  borrow ", "  interest 4.80bp a day (", "  margin level ", "breaks even in "):
        assert any(shown in line for line in lines), (shown, lines)


def test_a_positive_rate_is_allowed_and_said_not_to_pay(tmp_path: Path) -> None:
    ended = atapi(tmp_path, *STILL, script=FUNDED + "open-spread BTCUSDT 1000usdt --reverse --dry-run\n")

    assert ended.returncode == 0
    assert "funding 1.00bp per 8 h, 10.95% a year: it does not pay now" in ended.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            "open-spread BTCUSDT 1000usdt --reverse",
            1,
            "error: margin level would be 1.00 after borrowing 0.021 BTC (limit 2)\n  hint: transfer 973usdt spot margin",
        ),
        (
            "open-spread BTCUSDT 10usdt --reverse",
            1,
            "is under BTCUSDT's minimum of 50 USDT\n  hint: smallest now: 0.002 BTC",
        ),
        ("repay 0.01btc", 1, "error: margin owes 0 BTC\n  hint: balance --wallet margin"),
        ("repay 50%", 2, "error: repay needs an amount of an asset, not a share\n  hint: repay 0.01btc"),
        ("repay 0.01", 2, "error: amount '0.01' has no unit"),
    ],
)
def test_refusals_send_nothing(tmp_path: Path, words: str, code: int, said: str) -> None:
    ended = atapi(tmp_path, *STILL, *words.split())
    state = atapi(tmp_path, *STILL, script="orders --all --json\nspreads --all --json\n")

    assert ended.returncode == code, ended.stderr
    assert said in ended.stderr
    assert arrays(state.stdout) == [[], []]


@pytest.mark.parametrize("network", ["demo", "testnet"])
def test_a_network_without_margin_refuses_before_anything_is_asked(tmp_path: Path, network: str) -> None:
    ended = atapi(tmp_path, "--network", network, "open-spread", "BTCUSDT", "1000usdt", "--reverse", "--yes")

    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.splitlines()[-2:] == [
        "error: this network has no margin: nothing can be borrowed on Binance's demo and testnet",
        "  hint: network paper, or mainnet",
    ]


def test_the_margin_leg_is_among_the_orders_and_fills(tmp_path: Path) -> None:
    script = (
        FUNDED
        + "open-spread BTCUSDT 1000usdt --reverse > /dev/null\norders BTCUSDT --all --json\nfills BTCUSDT --json\n"
    )

    ended = atapi(tmp_path, *STILL, script=script)

    orders, fills = arrays(ended.stdout)
    # of one moment, in the order of their ids
    for rows in (orders, fills):
        assert [(row["venue"], row["side"]) for row in rows] == [("margin", "SELL"), ("futures", "BUY")]
    asked = atapi(tmp_path, *STILL, "order", str(orders[0]["id"]), "--json")
    assert asked.returncode == 0, asked.stderr
    [fields] = arrays(asked.stdout)
    [venue] = [row for row in fields if row["field"] == "venue"]
    assert (venue["journal"], venue["exchange"]) == ("margin", "margin")


def test_a_debt_is_repaid_by_hand(tmp_path: Path) -> None:
    script = FUNDED + "open-spread BTCUSDT 1000usdt --reverse > /dev/null\npaper deposit 1btc > /dev/null\n"
    script += "transfer 0.01btc spot margin > /dev/null\nrepay 0.01btc --json\n"

    ended = atapi(tmp_path, *STILL, script=script)

    [[row]] = arrays(ended.stdout)
    assert (row["asset"], str(row["amount"]), str(row["left"])) == ("BTC", "0.01", "0.01100023")
