"""The composition root: reads settings once, builds everything and wires it.

Nothing else, beside tests, knows that the embedded exchange exists: the rest reaches it by base URL.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from atapi.clock import AskedClock, Clock, RunningClock, SystemClock, monotonic_ms
from atapi.domain.account import Wallet
from atapi.domain.instruments import Market
from atapi.errors import UsageError
from atapi.exchanges.binance.futures import BinanceFutures
from atapi.exchanges.binance.margin import BinanceMargin
from atapi.exchanges.binance.networks import Endpoints, endpoints, paper_endpoints
from atapi.exchanges.binance.records import BinanceRecords
from atapi.exchanges.binance.spot import BinanceSpot
from atapi.exchanges.binance.venue import BinanceVenue, connect
from atapi.exchanges.paper_backroom import PaperBackroom
from atapi.execution.day_loss import DayLoss
from atapi.execution.driver import LegVenue
from atapi.execution.executor import Executor
from atapi.execution.gate import LastGate
from atapi.execution.halt import KillSwitch
from atapi.execution.lifeline import GuardProcess, Letter, Lifeline
from atapi.execution.quotes import Quotes
from atapi.execution.reconcile import Reconciler
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
from atapi.services.paper import PaperControl, PaperService
from atapi.services.paper_accounts import PaperAccounts
from atapi.services.paper_faults import PaperFaults
from atapi.services.paper_recording import PaperRecording
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
from atapi.settings import NETWORKS, Settings
from atapi.settings_file import SettingsFile

if TYPE_CHECKING:
    from atapi.desk import Desk
    from atapi.exchanges.paper_admin import PaperAdmin, PaperStatus
    from atapi.paper.host import Hosted
    from atapi.services.drill_world import Log, World

Tell = Callable[[str], None]


@contextmanager
def open_services(settings: Settings, tell: Tell) -> Iterator[Services]:
    """Build the services of one network, and close what they opened.

    Args:
        tell: Says a line to the operator, as while an order's fate is being found out.
    """
    if settings.network not in NETWORKS:
        raise UsageError(f"no network '{settings.network}'", hint=", ".join(NETWORKS))
    SettingsFile(settings.home).caps(
        settings.network
    )  # what makes no sense stops us before anything is asked
    with ExitStack() as stack:
        if settings.network == "paper":
            joined = join_paper(settings, stack)
            yield paper_services(settings, joined, order_path(joined.venue), tell, stack)
        else:
            yield _live(settings, tell, stack)


def preload() -> None:
    """Import what the first command will need; called in the background while the user reads the prompt."""
    for name in ("pandas", "binance.spot", "binance.um_futures", "atapi.paper.host"):
        importlib.import_module(name)


def open_desk(network: str, **options: Any) -> Desk:
    """Open a desk for Python; `options` are `home`, `seed`, `feed` and `at` as on the command line."""
    import os

    from atapi.desk import Desk

    unknown = set(options) - {"home", "seed", "feed", "at", "tell"}
    if unknown:
        raise UsageError(f"connect() knows no {', '.join(sorted(unknown))}", hint="home, seed, feed, at")
    tell = options.pop("tell", _silent)
    if isinstance(options.get("home"), str):
        options["home"] = Path(options["home"])
    if isinstance(options.get("at"), str):
        options["at"] = _time(options["at"])
    settings = Settings.from_env(os.environ, network=network, **options)
    return Desk(open_services(settings, tell))


# --- networks -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Joined:
    """An embedded exchange that was found or started, and the adapter that reaches it."""

    hosted: Hosted
    venue: BinanceVenue
    where: Callable[[], Endpoints]  # finds it again where it moved

    def control(self) -> PaperAdmin:
        """Reach its control path, where it runs now."""
        from atapi.exchanges.paper_admin import PaperAdmin

        return PaperAdmin(url=self.hosted.spot_url, token=self.hosted.admin_token)


def join_paper(settings: Settings, stack: ExitStack) -> Joined:
    """Find the embedded exchange of some settings, or start it here, until the stack is closed."""
    from atapi.paper.host import join_or_start

    hosted = join_or_start(settings.home, feed_text=settings.feed, seed=settings.seed, at=settings.at)
    stack.callback(hosted.close)

    def where() -> Endpoints:
        hosted.rediscover()
        return paper_endpoints(hosted.spot_url, hosted.um_url)

    venue = connect(
        paper_endpoints(hosted.spot_url, hosted.um_url),
        hosted.api_key,
        hosted.api_secret,
        settings.timeout_s,
        rediscover=where,
    )
    stack.callback(venue.close)
    return Joined(hosted, venue, where)


def paper_services(
    settings: Settings, joined: Joined, path: OrderPath, tell: Tell, stack: ExitStack
) -> Services:
    """Build the services of an embedded exchange."""
    hosted, venue = joined.hosted, joined.venue

    def serve(port: int, out: IO[str]) -> None:
        from atapi.paper.serve import serve as serve_in_front

        hosted.close()  # one process runs a world; the next command starts it here again
        serve_in_front(
            settings.home, feed_text=settings.feed, seed=settings.seed, at=settings.at, port=port, out=out
        )

    def play(feed: str, port: int, out: IO[str]) -> None:
        from atapi.paper.serve import serve as serve_in_front

        serve_in_front(settings.home, feed_text=feed, seed=settings.seed, at=None, port=port, out=out)

    label = "synthetic" if settings.feed == "synthetic" else settings.feed
    tell(f"paper: {label} prices")  # what is not of now must never be taken for it
    return _services(
        settings,
        venue,
        info=NetworkInfo(name="paper", key=hosted.api_key, label=label),
        urls={"spot": hosted.spot_url, "futures": hosted.um_url},
        clock=AskedClock(venue.spot.server_time),
        folder=hosted.folder,
        binding={"network": "paper", "world": hosted.folder.name},
        seed=hosted.folder.name.encode(),  # the same world, the same ids: a run can be repeated
        path=path,
        letter=lambda: Letter(joined.where(), hosted.api_key, hosted.api_secret, settings.timeout_s),
        tell=tell,
        stack=stack,
        paper=PaperSide(control=joined.control, serve=serve, play=play),
    )


def _live(settings: Settings, tell: Tell, stack: ExitStack) -> Services:
    import hashlib
    import secrets

    where = endpoints(settings.network)
    venue = connect(where, settings.api_key, settings.api_secret, settings.timeout_s)
    stack.callback(venue.close)
    account = hashlib.sha256((settings.api_key or "").encode()).hexdigest()[:16]  # of the key, never the key
    return _services(
        settings,
        venue,
        info=NetworkInfo(name=settings.network, key=settings.api_key),
        urls={"spot": where.spot, "futures": where.um},
        clock=AskedClock(venue.clock.now),
        folder=settings.home / settings.network / account,
        binding={"network": settings.network, "account": account},
        seed=secrets.token_bytes(16),  # another host's journal of this account has another
        path=order_path(venue),
        letter=lambda: Letter(where, settings.api_key or "", settings.api_secret or "", settings.timeout_s),
        tell=tell,
        stack=stack,
        paper=None,
    )


def _services(
    settings: Settings,
    venue: BinanceVenue,
    *,
    info: NetworkInfo,
    urls: Mapping[str, str],
    clock: Clock,
    folder: Path,
    binding: Mapping[str, str],
    seed: bytes,
    path: OrderPath,
    letter: Callable[[], Letter],
    tell: Tell,
    stack: ExitStack,
    paper: PaperSide | None,  # None on any other network
) -> Services:
    book = SymbolBook(spot=venue.spot, futures=venue.futures, defaults=settings.symbols or DEFAULT_SYMBOLS)
    file, switch = SettingsFile(settings.home), KillSwitch(folder, settings.home)
    gate = LastGate(
        caps=lambda: file.caps(settings.network),
        halted=switch.standing,
        quotes=Quotes({Market.SPOT: venue.spot, Market.UM: venue.futures}, _elapsed_s),
        # of spot, which may be out of reach while the perpetual has to be taken back: so it is not asked again
        now=lambda: SystemClock().now() + venue.clock.last_offset(),
        elapsed_s=_elapsed_s,
    )
    executor = Executor(
        folder,
        binding=binding,
        seed=seed,
        venues=path.venues,
        switch=venue.futures,
        gate=gate,
        clock=path.clock,
        tell=tell,
        begin=lambda: audit.begin(),  # which is made of this executor
    )
    stack.callback(executor.close)
    lifeline = Lifeline(
        futures=venue.futures,
        spot=venue.spot.open_orders,
        start=lambda: GuardProcess(letter()),
        tell=tell,
    )
    stack.callback(lifeline.close)
    interest = InterestBook(margin=venue.margin, executor=executor)
    reverse = ReverseService(venue=venue.margin, spot=venue.spot, wallet=venue.wallet, interest=interest)
    recovery = Recovery(executor=executor, symbols=book, reverse=reverse)
    finder = OrderFinder(
        spot=venue.spot, futures=venue.futures, book=book, executor=executor, margin=venue.margin
    )
    reconcile = ReconcileService(
        executor=executor,
        reconciler=Reconciler(
            executor,
            orders=_markets(venue),
            spot=venue.spot,
            positions=venue.futures,
            clock=clock,
            tell=tell,
        ),
        recovery=recovery,
        symbols=book,
        interest=interest,
    )
    books = SpreadBooks(
        spot=venue.spot,
        futures=venue.futures,
        interest=interest,
        clock=clock,
        past=PastPrices(venue.spot),
    )
    audit = AuditService(
        source=BinanceRecords(venue.spot, venue.futures, venue.margin),
        spot=venue.spot,
        futures=venue.futures,
        margin=venue.margin,
        books=books,
        executor=executor,
        clock=clock,
        complete=paper is not None,
        tell=tell,
    )
    pnl = PnlService(executor=executor, books=books)
    funding = FundingService(futures=venue.futures, book=book)
    fees = FeeReader(spot=venue.spot, futures=venue.futures, wallets=venue.wallet, info=info)
    account = AccountService(
        spot=venue.spot,
        futures=venue.futures,
        wallets=venue.wallet,
        fee_reader=fees,
        book=book,
        info=info,
        clock=clock,
    )
    network = NetworkService(
        info=info,
        apis=[
            Api(name="spot", url=urls["spot"], venue=venue.spot, clock=venue.spot.link.time),
            Api(name="futures", url=urls["futures"], venue=venue.futures, clock=venue.futures.link.time),
        ],
    )
    limits = LimitsService(
        file=file,
        switch=switch,
        gate=gate,
        day_loss=DayLoss(folder),
        executor=executor,
        account=account,
        network=network,
        budgets={"spot": venue.spot.link.budget, "futures": venue.futures.link.budget},
        clock=clock,
    )
    trading = TradingService(
        symbols=book,
        spot=venue.spot,
        futures=venue.futures,
        clock=clock,
        executor=executor,
        recovery=recovery,
        finder=finder,
        info=info,
        limits=limits,
        lifeline=lifeline,
        reconcile=reconcile,
    )
    changes = OrderChanges(finder=finder, trading=trading, recovery=recovery)
    spreads = SpreadService(
        symbols=book,
        spot=venue.spot,
        futures=venue.futures,
        wallet=venue.wallet,
        clock=clock,
        executor=executor,
        reconcile=reconcile,
        limits=limits,
        pnl=pnl,
        reverse=reverse,
    )
    reader = partial(
        GuardReader,
        spot=venue.spot,
        futures=venue.futures,
        margin=venue.margin,
        wallet=venue.wallet,
        executor=executor,
        clock=clock,
    )
    hedging = Hedging(spreads=spreads, reader=reader)
    return Services(
        clock=clock,
        market=MarketService(spot=venue.spot, futures=venue.futures, book=book),
        marketcap=MarketCapService(spot=venue.spot, supply=venue.products, book=book),
        funding=funding,
        basis=BasisService(
            spot=venue.spot, futures=venue.futures, funding=funding, fees=fees, book=book, clock=clock
        ),
        account=account,
        orders=OrderService(
            spot=venue.spot,
            futures=venue.futures,
            book=book,
            info=info,
            finder=finder,
            recovery=recovery,
            follow=trading.follow,
        ),
        hedging=hedging,
        completing=CompleteService(
            spreads=spreads, hedging=hedging, limits=limits, executor=executor, clock=clock
        ),
        guard=GuardService(
            spot=venue.spot,
            wallet=venue.wallet,
            streams=venue.streams,
            executor=executor,
            mender=SpreadMender(spreads, hedging, trading),
            reconcile=reconcile,
            halted=switch.standing,
            reader=reader,
            info=info,
            clock=clock,
        ),
        trading=trading,
        changes=changes,
        flattening=FlattenService(
            changes=changes,
            spreads=spreads,
            trading=trading,
            futures=venue.futures,
            executor=executor,
            pnl=pnl,
        ),
        recovery=recovery,
        reconcile=reconcile,
        rebuild=RebuildService(
            spot=venue.spot,
            futures=venue.futures,
            margin=venue.margin,
            symbols=book,
            executor=executor,
            clock=clock,
        ),
        spreads=spreads,
        pnl=pnl,
        audit=audit,
        network=network,
        limits=limits,
        drill=DrillService(world=_rehearse),
        paper=None
        if paper is None
        else PaperService(
            control=Jumps(paper.control, venue, executor, limits.day_loss),
            futures=venue.futures,
            account=account,
            accounts=PaperAccounts(PaperBackroom(paper.control)),
            faults=PaperFaults(PaperBackroom(paper.control)),
            recording=PaperRecording(control=PaperBackroom(paper.control), player=paper.play),
            server=paper.serve,
        ),
    )


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


@dataclass(frozen=True, slots=True)
class PaperSide:
    """What the embedded exchange offers beside its markets."""

    control: Callable[[], PaperAdmin]
    serve: Callable[[int, IO[str]], None]
    play: Callable[[str, int, IO[str]], None]


class Jumps:
    """The embedded exchange's control path, with what has to follow on this side when its time or world jumps."""

    def __init__(
        self, control: Callable[[], PaperControl], venue: BinanceVenue, executor: Executor, day_loss: DayLoss
    ) -> None:
        self._control = control
        self._venue = venue
        self._executor = executor
        self._day_loss = day_loss

    def status(self) -> PaperStatus:
        """Ask for its clock, feed, accounts and world."""
        return self._control().status()

    def advance(self, span: timedelta) -> datetime:
        """Move its clock on, and measure it anew."""
        now = self._control().advance(span)
        self._venue.clock.resync()
        return now

    def deposit(self, wallet: Wallet, asset: str, amount: Decimal) -> None:
        """Give the account funds."""
        self._control().deposit(wallet, asset, amount)

    def reset(self) -> None:
        """Throw its world away; the journal of what was traded in it is put aside with it."""
        self._executor.put_aside()
        self._day_loss.begin_anew()
        self._control().reset()
        self._venue.clock.resync()


def _rehearse(log: Log) -> AbstractContextManager[World]:
    from atapi.rehearsal import open_world

    return open_world(log)


def _elapsed_s() -> float:
    return monotonic_ms() / 1000


def _silent(line: str) -> None:
    """Say nothing."""


def _time(text: str) -> datetime:
    from atapi.clock import EPOCH
    from atapi.domain.amounts import parse_time

    return parse_time(text, "at", EPOCH)
