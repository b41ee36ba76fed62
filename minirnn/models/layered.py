"""Where the items of a graph stand: in rows from top to bottom, arrows downwards, few crossings, short lines.

The method is that of Sugiyama, Tagawa and Toda (1981, IEEE Trans. SMC 11(2)): rows by the longest way to an end; an
arrow over several rows passes a *bend*, an item without width, in each between; rows are sorted by the mean place of
their neighbours; then each item moves to the mean of its neighbours as far as the row's order and gaps let it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

ORDERING_SWEEPS, PLACING_SWEEPS = 12, 24
MOST_BETWEEN_ENDS = 16.0
Point = tuple[float, float]


@dataclass
class Item:
    """Something with a width and height to be placed. `row`: "first" or "last", if it must stand there.

    Over `spread` of its width arrows that end there stand side by side; with 0 they end where they say themselves.
    """

    width: float = 0.0
    height: float = 0.0
    row: str = ""
    spread: float = 0.0
    x: float = 0.0  # of the middle
    y: float = 0.0  # of the top


@dataclass(eq=False)
class Arrow:
    """From one item to another, by their numbers; `start` and `end` are how far from the middle it leaves and ends."""

    source: int
    target: int
    start: float = 0.0
    end: float = 0.0
    bends: list[int] = field(default_factory=list)
    path: list[Point] = field(default_factory=list)


class Layered:
    """Places `items` and finds the `path` of each arrow.

    A path runs straight within rows, from an odd to an even point, and changes its place between them; that of a `back`
    arrow runs along its points. `width` and `height` are
    those of the whole. `gap` is the space between neighbours in a row, `row_gap` that between rows.
    """

    def __init__(self, items: Sequence[Item], arrows: Sequence[Arrow], gap: float, row_gap: float) -> None:
        self.items, self.arrows = list(items), list(arrows)
        self.gap, self.row_gap = gap, row_gap
        self.order = self._sorted()
        place = {item: index for index, item in enumerate(self.order)}
        # In a cycle, of a layer that is called on what came of it, an arrow runs back around the others.
        self.forward = [arrow for arrow in self.arrows if place[arrow.source] < place[arrow.target]]
        self.back = [arrow for arrow in self.arrows if place[arrow.source] >= place[arrow.target]]
        self.row_of = self._rows()
        self._add_bends()
        self._sort_rows()
        self._place()
        self._spread()
        self._draw()

    # --- rows ---

    def _sorted(self) -> list[int]:
        """The items, each after those that have arrows to it; where only cycles are left, the first goes first."""
        waiting = dict.fromkeys(range(len(self.items)))
        order = []
        while waiting:
            held = {arrow.target for arrow in self.arrows if arrow.source in waiting and arrow.source != arrow.target}
            order.append(next((item for item in waiting if item not in held), next(iter(waiting))))
            del waiting[order[-1]]
        return order

    def _rows(self) -> list[int]:
        """The number of each item's row, by the longest way to an end."""
        distance = [0] * len(self.items)
        for source in reversed(self.order):
            ways = [distance[arrow.target] + 1 for arrow in self.forward if arrow.source == source]
            distance[source] = max(ways, default=0)
        ends = any(item.row == "last" for item in self.items)
        if ends:  # only what must stand in the last row does
            distance = [0 if item.row == "last" else max(1, d) for item, d in zip(self.items, distance, strict=True)]
        most = max((d for item, d in zip(self.items, distance, strict=True) if item.row != "first"), default=0)
        begins = any(item.row == "first" for item in self.items)
        return [0 if item.row == "first" else most - d + begins for item, d in zip(self.items, distance, strict=True)]

    def _add_bends(self) -> None:
        """Items where arrows pass a row, and links from row to row."""
        self.links: list[tuple[int, int, Arrow]] = []
        for arrow in self.forward:
            last = arrow.source
            for row in range(self.row_of[arrow.source] + 1, self.row_of[arrow.target]):
                arrow.bends.append(len(self.items))
                self.items.append(Item())
                self.row_of.append(row)
                self.links.append((last, arrow.bends[-1], arrow))
                last = arrow.bends[-1]
            self.links.append((last, arrow.target, arrow))
        self.rows: list[list[int]] = [[] for _ in range(max(self.row_of, default=0) + 1)]
        for item, row in enumerate(self.row_of):
            self.rows[row].append(item)

    # --- order within rows ---

    def _sort_rows(self) -> None:
        above: dict[int, list[int]] = {item: [] for item in range(len(self.items))}
        below: dict[int, list[int]] = {item: [] for item in range(len(self.items))}
        for upper, lower, _ in self.links:
            above[lower].append(upper)
            below[upper].append(lower)
        best, fewest = [row[:] for row in self.rows], self._crossings()
        for sweep in range(ORDERING_SWEEPS):
            down = sweep % 2 == 0
            neighbours = above if down else below
            for row in self.rows if down else self.rows[::-1]:
                place = {item: index for other in self.rows for index, item in enumerate(other)}
                row.sort(
                    key=lambda item, near=neighbours, at=place: (  # type: ignore[misc]
                        sum(at[other] for other in near[item]) / len(near[item]) if near[item] else at[item]
                    )
                )
            if (found := self._crossings()) < fewest:
                best, fewest = [row[:] for row in self.rows], found
        self.rows = best

    def _crossings(self) -> int:
        place = {item: index for row in self.rows for index, item in enumerate(row)}
        count = 0
        for row in range(len(self.rows) - 1):
            ends = sorted((place[u], place[v]) for u, v, _ in self.links if self.row_of[u] == row)
            count += sum(a[1] > b[1] for i, a in enumerate(ends) for b in ends[i + 1 :] if a[0] < b[0])
        return count

    # --- places ---

    def _place(self) -> None:
        for row in self.rows:
            x = 0.0
            for number in row:
                self.items[number].x = x + self.items[number].width / 2
                x += self.items[number].width + self.gap
        for sweep in range(PLACING_SWEEPS):
            last = sweep >= PLACING_SWEEPS - 4
            for row in self.rows if sweep % 2 == 0 else self.rows[::-1]:
                self._move(row, "both" if last else "above" if sweep % 2 == 0 else "below")
        self._straighten()
        left = min((item.x - item.width / 2 for item in self.items), default=0.0)
        for item in self.items:
            item.x -= left
        self.width = max((item.x + item.width / 2 for item in self.items), default=0.0)

    def _move(self, row: list[int], toward: str) -> None:
        """Move the items of a row towards their neighbours."""
        wishes = []
        for item in row:
            total = weight = 0.0
            for upper, lower, arrow in self.links:
                # Bends weigh more, so that long lines run straight.
                pull = 1.0 + 3.0 * (upper in arrow.bends) + 3.0 * (lower in arrow.bends)
                start = arrow.start if upper == arrow.source else 0.0
                end = arrow.end if lower == arrow.target else 0.0
                if lower == item and toward != "below":
                    total, weight = total + pull * (self.items[upper].x + start - end), weight + pull
                if upper == item and toward != "above":
                    total, weight = total + pull * (self.items[lower].x + end - start), weight + pull
            wishes.append((total / weight, weight) if weight else (self.items[item].x, 0.01))
        widths = [self.items[item].width for item in row]
        gaps = [self.gap + (a + b) / 2 for a, b in zip(widths, widths[1:], strict=False)]
        for item, x in zip(row, apart(wishes, gaps), strict=True):
            self.items[item].x = x

    def _straighten(self) -> None:
        """Put items that only follow each other on one line, where their rows have room for it."""
        after: dict[int, list[int]] = {item: [] for item in range(len(self.items))}
        before: dict[int, list[int]] = {item: [] for item in range(len(self.items))}
        for upper, lower, arrow in self.links:
            if not arrow.start and not arrow.end:
                after[upper].append(lower)
                before[lower].append(upper)
        chain_of: dict[int, list[int]] = {}
        for item in (item for row in self.rows for item in row):
            above = before[item]
            follows = len(above) == 1 and len(after[above[0]]) == 1
            chain_of[item] = [*chain_of.pop(above[0]), item] if follows else [item]
        for chain in chain_of.values():
            ranges = [self._range(item) for item in chain]
            low, high = max(low for low, _ in ranges), min(high for _, high in ranges)
            if low <= high + 1e-6:
                mean = sum(self.items[item].x for item in chain) / len(chain)
                for item in chain:
                    self.items[item].x = min(max(mean, low), high)

    def _range(self, number: int) -> Point:
        """Between which places an item may stand, as its neighbours in the row stand now."""
        row = self.rows[self.row_of[number]]
        place, item = row.index(number), self.items[number]
        low, high = float("-inf"), float("inf")
        if place > 0:
            left = self.items[row[place - 1]]
            low = left.x + (left.width + item.width) / 2 + self.gap
        if place + 1 < len(row):
            right = self.items[row[place + 1]]
            high = right.x - (right.width + item.width) / 2 - self.gap
        return low, high

    def _spread(self) -> None:
        """Let the arrows that end at an item end side by side, in the order in which they come."""
        for number, item in enumerate(self.items):
            ending = [arrow for arrow in self.forward if arrow.target == number and item.spread]
            ending.sort(key=lambda arrow: self._comes_from(arrow))
            ending += [arrow for arrow in self.back if arrow.target == number and item.spread]
            step = min(MOST_BETWEEN_ENDS, item.spread / len(ending)) if ending else 0.0
            for place, arrow in enumerate(ending):
                arrow.end = step * (place - (len(ending) - 1) / 2)

    def _comes_from(self, arrow: Arrow) -> float:
        return self.items[arrow.bends[-1]].x if arrow.bends else self.items[arrow.source].x + arrow.start

    # --- heights and lines ---

    def _draw(self) -> None:
        tops, bottoms = [], []
        y = 0.0
        for row in self.rows:
            height = max((self.items[item].height for item in row), default=0.0)
            for item in row:
                self.items[item].y = y + (height - self.items[item].height) / 2
            tops.append(y)
            bottoms.append(y + height)
            y += height + self.row_gap
        self.height = bottoms[-1] if bottoms else 0.0
        for arrow in self.forward:
            source, target = self.items[arrow.source], self.items[arrow.target]
            points = [(source.x + arrow.start, source.y + source.height)]
            points.append((points[0][0], bottoms[self.row_of[arrow.source]]))
            for bend in arrow.bends:
                x, passed = self.items[bend].x, self.row_of[bend]
                points += [(x, tops[passed]), (x, bottoms[passed])]
            end = target.x + arrow.end
            arrow.path = [*points, (end, tops[self.row_of[arrow.target]]), (end, target.y)]
        for lane, arrow in enumerate(self.back, 1):
            source, target = self.items[arrow.source], self.items[arrow.target]
            start, end = source.x + arrow.start, target.x + arrow.end
            below = bottoms[self.row_of[arrow.source]] + 0.4 * self.row_gap
            above = tops[self.row_of[arrow.target]] - 0.6 * self.row_gap
            side = self.width + 0.5 * self.gap * lane
            points = [(start, source.y + source.height), (start, below), (side, below), (side, above), (end, above)]
            arrow.path = [*points, (end, target.y)]
        if self.back:
            # The way around needs room below the last row and above the first.
            self.width += 0.5 * self.gap * (len(self.back) + 1)
            self.height += 0.8 * self.row_gap
            self._shift_down(0.8 * self.row_gap)
            self.height += 0.8 * self.row_gap

    def _shift_down(self, by: float) -> None:
        for item in self.items:
            item.y += by
        for arrow in self.arrows:
            arrow.path = [(x, y + by) for x, y in arrow.path]


def apart(wishes: Sequence[tuple[float, float]], gaps: Sequence[float]) -> list[float]:
    """Places as near to the wishes (place, weight) as can be, in their order and at least `gaps` apart.

    The weighted sum of squared distances is least: isotonic regression, by pooling neighbours that would overlap.
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # sum of weighted wishes, weight, members
    for (place, weight), offset in zip(wishes, offsets, strict=False):
        pools.append(((place - offset) * weight, weight, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            (total, heavy, many), (more, light, few) = pools.pop(), pools.pop()
            pools.append((total + more, heavy + light, many + few))
    means = [total / weight for total, weight, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]
