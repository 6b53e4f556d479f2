"""Wiring: every service of one network, made of one venue and one journal.

Each part is built where it is first asked for, so that the order of building follows from who needs whom.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from atapi.clock import Clock, RunningClock, SystemClock, monotonic_ms
from atapi.domain.instruments import Market
from atapi.exchanges.binance.futures import BinanceFutures
from atapi.exchanges.binance.margin import BinanceMargin
from atapi.exchanges.binance.records import BinanceRecords
from atapi.exchanges.binance.spot import BinanceSpot
from atapi.exchanges.binance.venue import BinanceVenue
from atapi.execution.day_loss import DayLoss
from atapi.execution.driver import LegVenue
from atapi.execution.executor import Executor
from atapi.execution.gate import LastGate
from atapi.execution.halt import KillSwitch
from atapi.execution.lifeline import GuardProcess, Letter, Lifeline
from atapi.execution.quotes import Quotes
from atapi.execution.reconcile import Reconciler
from atapi.paper_side import PaperSide
from atapi.services.account import AccountService
from atapi.services.audit import AuditService
from atapi.services.basis import BasisService
from atapi.services.completing import CompleteService
from atapi.services.container import Services
from atapi.services.drill import DrillService
from atapi.services.fees import FeeReader
from atapi.services.flattening import FlattenService
from atapi.services.funding import FundingService
from atapi.services.guard import GuardService
from atapi.services.guard_reader import GuardReader
from atapi.services.hedging import Hedging
from atapi.services.interest import InterestBook
from atapi.services.limits import LimitsService
from atapi.services.market import MarketService
from atapi.services.marketcap import MarketCapService
from atapi.services.mending import SpreadMender
from atapi.services.network import Api, NetworkInfo, NetworkService
from atapi.services.order_changes import OrderChanges
from atapi.services.order_finder import OrderFinder
from atapi.services.orders import OrderService
from atapi.services.paper import PaperService
from atapi.services.past_prices import PastPrices
from atapi.services.pnl import PnlService
from atapi.services.rebuild import RebuildService
from atapi.services.reconcile import ReconcileService
from atapi.services.recovery import Recovery
from atapi.services.reverse import ReverseService
from atapi.services.spread_books import SpreadBooks
from atapi.services.spreads import SpreadService
from atapi.services.symbols import DEFAULT_SYMBOLS, SymbolBook
from atapi.services.trading import TradingService
from atapi.settings import Settings
from atapi.settings_file import SettingsFile

if TYPE_CHECKING:
    from atapi.services.drill_world import Log, World


Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class OrderPath:
    """Where orders go, and the clock that their waits go by."""

    venues: Mapping[Market, LegVenue]
    clock: Clock


def order_path(venue: BinanceVenue) -> OrderPath:
    """Let orders go straight to a venue, and waits take their time."""
    return OrderPath(_markets(venue), RunningClock(venue.clock.now))


def _markets(venue: BinanceVenue) -> dict[Market, BinanceSpot | BinanceFutures | BinanceMargin]:
    markets: dict[Market, BinanceSpot | BinanceFutures | BinanceMargin]
    markets = {Market.SPOT: venue.spot, Market.UM: venue.futures}
    if venue.margin is not None:
        markets[Market.MARGIN] = venue.margin
    return markets


@dataclass(kw_only=True)
class Wiring:
    """Builds the services of one network.

    Attributes:
        settings: As read.
        venue: The adapter.
        info: What the network is called, and with which key.
        urls: Base URLs by market, to be shown.
        clock: The venue's time.
        folder: Where journal and lock live.
        binding: What the journal belongs to.
        seed: What the tag of a new journal's orders is made from.
        path: Where orders go.
        letter: Writes what the guard process of resting spot orders is told.
        tell: Says a line to the operator.
        stack: Closes what is opened here.
        paper: The embedded exchange's own side; None on any other network.
        rehearse: Opens a world of its own for a drill.
    """

    settings: Settings
    venue: BinanceVenue
    info: NetworkInfo
    urls: Mapping[str, str]
    clock: Clock
    folder: Path
    binding: Mapping[str, str]
    seed: bytes
    path: OrderPath
    letter: Callable[[], Letter]
    tell: Tell
    stack: ExitStack
    paper: PaperSide | None
    rehearse: Callable[[Log], AbstractContextManager[World]]

    def services(self) -> Services:
        """Put them all together."""
        return Services(
            clock=self.clock,
            market=MarketService(spot=self.venue.spot, futures=self.venue.futures, book=self.book),
            marketcap=MarketCapService(spot=self.venue.spot, supply=self.venue.products, book=self.book),
            funding=self.funding,
            basis=self.basis,
            account=self.account,
            orders=self.orders,
            hedging=self.hedging,
            completing=self.completing,
            guard=self.guard,
            trading=self.trading,
            changes=self.changes,
            flattening=self.flattening,
            recovery=self.recovery,
            reconcile=self.reconcile,
            rebuild=self.rebuild,
            spreads=self.spreads,
            pnl=self.pnl,
            audit=self.audit,
            network=self.network,
            limits=self.limits,
            drill=DrillService(world=self.rehearse),
            paper=None if self.paper is None else self._paper(self.paper),
        )

    # --- the order path -----------------------------------------------------------------------------------------
    @cached_property
    def executor(self) -> Executor:
        """The one way to a venue's order call."""
        executor = Executor(
            self.folder,
            binding=self.binding,
            seed=self.seed,
            venues=self.path.venues,
            switch=self.venue.futures,
            gate=self.gate,
            clock=self.path.clock,
            tell=self.tell,
            begin=lambda: self.audit.begin(),  # which is made of this executor
        )
        self.stack.callback(executor.close)
        return executor

    @cached_property
    def gate(self) -> LastGate:
        """The last gate before an order leaves."""
        return LastGate(
            caps=lambda: self.file.caps(self.settings.network),
            halted=self.kill_switch.standing,
            quotes=Quotes({Market.SPOT: self.venue.spot, Market.UM: self.venue.futures}, _elapsed_s),
            # of spot, which may be out of reach while the perpetual has to be taken back: so it is not asked again
            now=lambda: SystemClock().now() + self.venue.clock.last_offset(),
            elapsed_s=_elapsed_s,
        )

    @cached_property
    def file(self) -> SettingsFile:
        """The settings file, limits above all."""
        return SettingsFile(self.settings.home)

    @cached_property
    def kill_switch(self) -> KillSwitch:
        """Stops everything but what takes risk away."""
        return KillSwitch(self.folder, self.settings.home)

    @cached_property
    def lifeline(self) -> Lifeline:
        """Cancels resting orders that are not to outlive this process."""
        lifeline = Lifeline(
            futures=self.venue.futures,
            spot=self.venue.spot.open_orders,
            start=lambda: GuardProcess(self.letter()),
            tell=self.tell,
        )
        self.stack.callback(lifeline.close)
        return lifeline

    @cached_property
    def recovery(self) -> Recovery:
        """Ends what was cut short."""
        return Recovery(executor=self.executor, symbols=self.book, reverse=self.reverse)

    @cached_property
    def reconcile(self) -> ReconcileService:
        """Compares the account with the journal."""
        reconciler = Reconciler(
            self.executor,
            orders=_markets(self.venue),
            spot=self.venue.spot,
            positions=self.venue.futures,
            clock=self.clock,
            tell=self.tell,
        )
        return ReconcileService(
            executor=self.executor,
            reconciler=reconciler,
            recovery=self.recovery,
            symbols=self.book,
            interest=self.interest,
        )

    @cached_property
    def rebuild(self) -> RebuildService:
        """Makes a journal anew."""
        return RebuildService(
            spot=self.venue.spot,
            futures=self.venue.futures,
            margin=self.venue.margin,
            symbols=self.book,
            executor=self.executor,
            clock=self.clock,
        )

    @cached_property
    def limits(self) -> LimitsService:
        """Shows and changes what the gate holds orders against."""
        return LimitsService(
            file=self.file,
            switch=self.kill_switch,
            gate=self.gate,
            day_loss=DayLoss(self.folder),
            executor=self.executor,
            account=self.account,
            network=self.network,
            budgets={"spot": self.venue.spot.link.budget, "futures": self.venue.futures.link.budget},
            clock=self.clock,
        )

    # --- orders -------------------------------------------------------------------------------------------------
    @cached_property
    def trading(self) -> TradingService:
        """Single orders."""
        return TradingService(
            symbols=self.book,
            spot=self.venue.spot,
            futures=self.venue.futures,
            clock=self.clock,
            executor=self.executor,
            recovery=self.recovery,
            finder=self.finder,
            info=self.info,
            limits=self.limits,
            lifeline=self.lifeline,
            reconcile=self.reconcile,
        )

    @cached_property
    def changes(self) -> OrderChanges:
        """Canceling and amending."""
        return OrderChanges(finder=self.finder, trading=self.trading, recovery=self.recovery)

    @cached_property
    def finder(self) -> OrderFinder:
        """Finds an order by what somebody typed."""
        return OrderFinder(
            spot=self.venue.spot,
            futures=self.venue.futures,
            book=self.book,
            executor=self.executor,
            margin=self.venue.margin,
        )

    @cached_property
    def orders(self) -> OrderService:
        """Orders and fills as the venue shows them."""
        return OrderService(
            spot=self.venue.spot,
            futures=self.venue.futures,
            book=self.book,
            info=self.info,
            finder=self.finder,
            recovery=self.recovery,
            follow=self.trading.follow,
        )

    @cached_property
    def flattening(self) -> FlattenService:
        """Takes everything away."""
        return FlattenService(
            changes=self.changes,
            spreads=self.spreads,
            trading=self.trading,
            futures=self.venue.futures,
            executor=self.executor,
            pnl=self.pnl,
        )

    # --- spreads ------------------------------------------------------------------------------------------------
    @cached_property
    def spreads(self) -> SpreadService:
        """The two-leg position."""
        return SpreadService(
            symbols=self.book,
            spot=self.venue.spot,
            futures=self.venue.futures,
            wallet=self.venue.wallet,
            clock=self.clock,
            executor=self.executor,
            reconcile=self.reconcile,
            limits=self.limits,
            pnl=self.pnl,
            reverse=self.reverse,
        )

    @cached_property
    def reverse(self) -> ReverseService:
        """The side of a reverse spread that borrows."""
        return ReverseService(
            venue=self.venue.margin,
            spot=self.venue.spot,
            wallet=self.venue.wallet,
            interest=self.interest,
        )

    @cached_property
    def interest(self) -> InterestBook:
        """Interest of what spreads borrowed."""
        return InterestBook(margin=self.venue.margin, executor=self.executor)

    @cached_property
    def hedging(self) -> Hedging:
        """Evens the legs of a spread."""
        return Hedging(spreads=self.spreads, reader=self._guard_reader)

    @cached_property
    def completing(self) -> CompleteService:
        """Completes the shorter leg of a spread."""
        return CompleteService(
            spreads=self.spreads,
            hedging=self.hedging,
            limits=self.limits,
            executor=self.executor,
            clock=self.clock,
        )

    @cached_property
    def guard(self) -> GuardService:
        """Watches what is held."""
        return GuardService(
            spot=self.venue.spot,
            wallet=self.venue.wallet,
            streams=self.venue.streams,
            executor=self.executor,
            mender=SpreadMender(self.spreads, self.hedging, self.trading),
            reconcile=self.reconcile,
            halted=self.kill_switch.standing,
            reader=self._guard_reader,
            info=self.info,
            clock=self.clock,
        )

    def _guard_reader(self) -> GuardReader:
        return GuardReader(
            spot=self.venue.spot,
            futures=self.venue.futures,
            margin=self.venue.margin,
            wallet=self.venue.wallet,
            executor=self.executor,
            clock=self.clock,
        )

    # --- profit -------------------------------------------------------------------------------------------------
    @cached_property
    def pnl(self) -> PnlService:
        """What spreads earned."""
        return PnlService(executor=self.executor, books=self.books)

    @cached_property
    def audit(self) -> AuditService:
        """Whether every balance is explained."""
        return AuditService(
            source=BinanceRecords(self.venue.spot, self.venue.futures, self.venue.margin),
            spot=self.venue.spot,
            futures=self.venue.futures,
            margin=self.venue.margin,
            books=self.books,
            executor=self.executor,
            clock=self.clock,
            complete=self.paper is not None,
            tell=self.tell,
        )

    @cached_property
    def books(self) -> SpreadBooks:
        """Spreads with what they paid and were paid."""
        return SpreadBooks(
            spot=self.venue.spot,
            futures=self.venue.futures,
            interest=self.interest,
            clock=self.clock,
            past=PastPrices(self.venue.spot),
        )

    # --- market and account -------------------------------------------------------------------------------------
    @cached_property
    def book(self) -> SymbolBook:
        """Symbols in any spelling."""
        defaults = self.settings.symbols or DEFAULT_SYMBOLS
        return SymbolBook(spot=self.venue.spot, futures=self.venue.futures, defaults=defaults)

    @cached_property
    def funding(self) -> FundingService:
        """What perpetuals pay."""
        return FundingService(futures=self.venue.futures, book=self.book)

    @cached_property
    def fees(self) -> FeeReader:
        """Own fee rates."""
        return FeeReader(
            spot=self.venue.spot, futures=self.venue.futures, wallets=self.venue.wallet, info=self.info
        )

    @cached_property
    def basis(self) -> BasisService:
        """Perpetuals against spot."""
        return BasisService(
            spot=self.venue.spot,
            futures=self.venue.futures,
            funding=self.funding,
            fees=self.fees,
            book=self.book,
            clock=self.clock,
        )

    @cached_property
    def account(self) -> AccountService:
        """Balances, positions, transfers."""
        return AccountService(
            spot=self.venue.spot,
            futures=self.venue.futures,
            wallets=self.venue.wallet,
            fee_reader=self.fees,
            book=self.book,
            info=self.info,
            clock=self.clock,
        )

    @cached_property
    def network(self) -> NetworkService:
        """The APIs of the network."""
        spot, futures = self.venue.spot, self.venue.futures
        return NetworkService(
            info=self.info,
            apis=[
                Api(name="spot", url=self.urls["spot"], venue=spot, clock=spot.link.time),
                Api(name="futures", url=self.urls["futures"], venue=futures, clock=futures.link.time),
            ],
        )

    def _paper(self, side: PaperSide) -> PaperService:
        return side.service(self.venue, self.account, self.executor, self.limits.day_loss)


def _elapsed_s() -> float:
    return monotonic_ms() / 1000
