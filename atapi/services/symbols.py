"""From what people type to what the venue lists: symbols, patterns, pairs, and near matches when it lists none."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from atapi.domain.instruments import Instrument, Market
from atapi.domain.spreads import Pair
from atapi.errors import UsageError
from atapi.exchanges.base import MarketData
from atapi.services.valuation import NUMERAIRE

DEFAULT_SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "XRPUSDT", "TRXUSDT", "LTCUSDT")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Symbols to work on, and what is to be said about the choice."""

    instruments: tuple[Instrument, ...]
    notes: tuple[str, ...] = ()

    @property
    def symbols(self) -> list[str]:
        """Their symbols, in the order they were named."""
        return [i.symbol for i in self.instruments]


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolBook:
    """Resolves typed symbols against both markets of a venue."""

    spot: MarketData
    futures: MarketData
    defaults: tuple[str, ...] = DEFAULT_SYMBOLS  # taken where none is named

    def choose(self, typed: Sequence[str], *, market: Market = Market.SPOT) -> Chosen:
        """Resolve names and `*` patterns, for commands that only read.

        Where nothing is typed these are the default symbols; a default that the venue does not list is left
        out with a note, a symbol that was typed is not.

        Raises:
            UsageError: A symbol the venue does not list, or a pattern nothing matches.
        """
        listed = self._listed(market)
        if not spellings(typed):
            here, notes = _split(self.defaults, listed)
            return Chosen(tuple(listed[s] for s in here), notes)
        trading = [s for s, i in listed.items() if i.trading and (i.perpetual or market is Market.SPOT)]
        found: dict[str, Instrument] = {}  # symbol -> instrument, each once
        for name in spellings(typed):
            if "*" in name:
                found |= {s: listed[s] for s in _matching(name, trading, market)}
            else:
                found[name] = self.find(name, market=market)
        return Chosen(tuple(found.values()))

    def choose_anywhere(self, typed: Sequence[str]) -> Chosen:
        """Resolve names and patterns to whatever either market lists under them, spot first.

        Raises:
            UsageError: Neither market lists a named symbol.
        """
        both = {**self._listed(Market.UM), **self._listed(Market.SPOT)}
        found: dict[tuple[Market, str], Instrument] = {}  # (market, symbol) -> instrument, each once
        names = spellings(typed) or _split(self.defaults, both)[0]
        for name in names:
            symbols = _matching(name, both, Market.SPOT) if "*" in name else [name]
            if symbols == [name] and name not in both:
                raise _unknown(name, both, Market.SPOT)
            for market in (Market.SPOT, Market.UM):
                listed = self._listed(market)
                found |= {(market, s): listed[s] for s in symbols if s in listed}
        return Chosen(tuple(found.values()), () if spellings(typed) else (f"of {', '.join(names)}",))

    def choose_pairs(self, typed: Sequence[str]) -> tuple[list[Pair], tuple[str, ...]]:
        """Resolve names and patterns to both legs, by the perpetual's symbol, as `choose` does.

        Raises:
            UsageError: Unknown, or a named symbol without a second leg.
        """
        by_perp = {p.symbol: p for p in self.pairs().values()}
        if not spellings(typed):
            here, notes = _split(self.defaults, by_perp)
            return [by_perp[s] for s in here], notes
        found: dict[str, Pair] = {}  # the perpetual's symbol -> pair, each once
        for name in spellings(typed):
            named = (
                [by_perp[s] for s in _matching(name, by_perp, Market.UM)]
                if "*" in name
                else [self.pair(name)]
            )
            found |= {p.symbol: p for p in named}
        return list(found.values()), ()

    def find(self, typed: str, *, market: Market = Market.SPOT) -> Instrument:
        """Resolve one symbol of one market.

        Raises:
            UsageError: The market does not list it; names the nearest that it does.
        """
        name = _spelling(typed)
        listed = self._listed(market)
        if name in listed:
            return listed[name]
        if market is Market.UM and (spot := self._listed(Market.SPOT).get(name)) is not None:
            raise self._no_perpetual(spot)
        raise _unknown(name, listed, market)

    def perpetual(self, typed: str) -> Instrument:
        """Resolve one perpetual.

        Raises:
            UsageError: The futures market does not list it, or it is a dated future.
        """
        found = self.find(typed, market=Market.UM)
        if not found.perpetual:
            raise UsageError(
                f"{found.symbol} is a dated future, no perpetual", hint="symbols --venue futures"
            )
        return found

    def pair(self, typed: str) -> Pair:
        """Resolve both legs of a spread, by the perpetual's symbol.

        `1000PEPEUSDT` pairs with PEPEUSDT on spot; `PEPEUSDT` itself is refused with that hint.

        Raises:
            UsageError: Unknown, or one of the legs is not listed.
        """
        name, spot = _spelling(typed), self._listed(Market.SPOT)
        if name not in self._listed(Market.UM) and name not in spot:
            raise _unknown(name, spot, Market.SPOT)
        perp = self.perpetual(typed)
        leg = self.spot_of(perp)
        if leg is None:
            raise UsageError(f"{perp.symbol} has no spot market to hedge with", hint="symbols --spreadable")
        return Pair(spot=leg, perp=perp)

    def pairs(self) -> dict[str, Pair]:
        """List every spot symbol that has a perpetual, by the spot symbol."""
        found: dict[str, Pair] = {}  # spot symbol -> pair
        for perp in self._listed(Market.UM).values():
            leg = self.spot_of(perp) if perp.perpetual else None
            if leg is not None and (leg.symbol not in found or leg.symbol == perp.symbol):
                found[leg.symbol] = Pair(spot=leg, perp=perp)
        return found

    def perpetuals(self) -> dict[str, Instrument]:
        """List the perpetuals that trade, by symbol."""
        return {s: i for s, i in self._listed(Market.UM).items() if i.perpetual and i.trading}

    def spot_of(self, perp: Instrument) -> Instrument | None:
        """Find the spot symbol of a perpetual, under its own name or without the multiplier."""
        spot = self._listed(Market.SPOT)
        coin = perp.base_asset.removeprefix(str(perp.multiplier)) if perp.multiplier > 1 else perp.base_asset
        return spot.get(perp.base_asset + perp.quote_asset) or spot.get(coin + perp.quote_asset)

    def _listed(self, market: Market) -> Mapping[str, Instrument]:
        return (self.futures if market is Market.UM else self.spot).instruments()

    def _no_perpetual(self, spot: Instrument) -> UsageError:
        pair = self.pairs().get(spot.symbol)
        hint = "symbols --spreadable"
        if pair is not None:
            hint = f"on futures it is {pair.symbol}, one contract = {pair.multiplier} {spot.base_asset}"
        return UsageError(f"{spot.symbol} has no perpetual", hint=hint)


def spellings(typed: Iterable[str]) -> list[str]:
    """Split comma lists and spell each name as the venue does.

    >>> spellings(["btc/usdt,ETH-USDT", "bnb*"])
    ['BTCUSDT', 'ETHUSDT', 'BNB*']
    """
    return [_spelling(part) for word in typed for part in word.split(",") if part.strip()]


def _spelling(typed: str) -> str:
    return typed.strip().upper().replace("/", "").replace("-", "")


def _split(defaults: Sequence[str], listed: Container[str]) -> tuple[list[str], tuple[str, ...]]:
    here = [s for s in defaults if s in listed]
    missing = [s for s in defaults if s not in listed]
    if not here:
        raise UsageError("none of the default symbols is listed here", hint="symbols; then name some")
    return here, (f"left out, not listed here: {', '.join(missing)}",) if missing else ()


def _matching(pattern: str, symbols: Iterable[str], market: Market) -> list[str]:
    from fnmatch import fnmatchcase

    matches = [s for s in symbols if fnmatchcase(s, pattern)]
    if not matches:
        raise UsageError(f"no {_noun(market)} symbol matches '{pattern}'", hint=_listing(market))
    return matches


def _unknown(name: str, listed: Mapping[str, Instrument], market: Market) -> UsageError:
    near = _near(name, listed)
    said = f"no {_noun(market)} symbol '{name}'"
    if near is None:
        return UsageError(said, hint=_listing(market))
    return UsageError(
        f"{said}; did you mean {near}?", hint=f"{_listing(market)} --match {listed[near].base_asset}"
    )


def _near(name: str, listed: Mapping[str, Instrument]) -> str | None:
    for guess in (name + NUMERAIRE, name + "T", name.lstrip("0123456789")):
        if guess in listed:
            return guess
    import difflib  # only somebody who mistyped waits for it

    return next(iter(difflib.get_close_matches(name, listed, n=1, cutoff=0.0)), None)


def _noun(market: Market) -> str:
    return "futures" if market is Market.UM else "spot"


def _listing(market: Market) -> str:
    return "symbols --venue futures" if market is Market.UM else "symbols"
