"""Make the core that settings name, between two specs."""

from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, assert_never, final

import torch
from torch import Generator, nn

from transcoder.adapters._affine import Affine
from transcoder.adapters._cores import LinearAdapter, MlpAdapter, ResidualAdapter
from transcoder.adapters._ends import Meeting, end_of, meeting_of
from transcoder.adapters._frame import Frame
from transcoder.adapters._layers import (
    affine_layer,
    drawn_layer,
    drawn_reader,
    hidden_layers,
    squeezed_layers,
    zero_layer,
)
from transcoder.adapters._sequence_cores import (
    AttentionAdapter,
    BiLstmAdapter,
    CrossAttention,
)
from transcoder.adapters._settings import (
    AdapterSettings,
    AttentionSettings,
    BiLstmSettings,
    LinearSettings,
    LowRankSettings,
    MlpSettings,
    ResidualSettings,
)
from transcoder.adapters._statistics import Statistics
from transcoder.errors import AdapterMismatchError
from transcoder.vocabulary import Spec

Core: TypeAlias = (
    LinearAdapter | MlpAdapter | ResidualAdapter | AttentionAdapter | BiLstmAdapter
)
"""Any of the trainable nets."""

_FEED = 2
"""How much wider than the width the middle of an attention block is."""


def build_adapter(
    settings: AdapterSettings,
    source: Spec,
    *,
    target: Spec,
    start: Affine | None,
    statistics: Statistics,
    generator: Generator,
) -> Core:
    """Make the core that the settings name, between two specs.

    Args:
        settings: Which core, and what is chosen about it.
        source: What it takes: a vector or a sequence.
        target: What it gives: likewise.
        start: The closed form that cores begin as; None where no closed form fits the ends.
        statistics: Of the training rows.
        generator: Draws the first weights, on the CPU; nothing else is random.

    Raises:
        AdapterMismatchError: If an end is neither, the closed form is of another shape, or the
            core does not fit the ends.
    """
    require_fit(settings, source, target)
    frame = Frame(source, target, statistics=statistics)
    if start is not None and start.weight.shape != (frame.source.dim, frame.target.dim):
        reason = f"the closed form {start.name!r} has the shape {start.weight.shape}"
        raise AdapterMismatchError("vector to vector", str(source), str(target), reason)
    site = _Site(frame, statistics, start, generator)
    match settings:
        case AttentionSettings():
            return site.attention(settings)
        case BiLstmSettings():
            return site.bilstm(settings)
        case _:
            return site.map(settings)


def require_fit(settings: AdapterSettings, source: Spec, target: Spec) -> None:
    """See whether a core fits two specs, before anything is computed for it.

    Raises:
        AdapterMismatchError: If it does not; it names one that does.
    """
    given, wanted = end_of(source), end_of(target)
    meeting = meeting_of(given, wanted)
    unfit: tuple[str, str] | None = None
    match settings:
        case AttentionSettings() if isinstance(wanted.length, str):
            unfit = "needs a set length of the target", "adapter=bilstm or residual"
        case AttentionSettings() if meeting is Meeting.ALIKE and not wanted.is_sequence:
            unfit = "needs a sequence", "adapter=residual"
        case AttentionSettings():  # fits all other ends, whatever their lengths
            pass
        case BiLstmSettings() if meeting is not Meeting.ALIKE or not wanted.is_sequence:
            unfit = "needs two sequences of equal length", "adapter=attention or residual"
        case _ if meeting is Meeting.FREE:
            unfit = "maps vector by vector", "adapter=attention"
        case _:
            pass
    if unfit is not None:
        reason = f"it {unfit[0]}, and these ends ask for {meeting.value}; take {unfit[1]}"
        raise AdapterMismatchError("this adapter", str(source), str(target), reason)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Site:
    """Where a core is built."""

    frame: Frame
    statistics: Statistics
    start: Affine | None
    generator: Generator

    def map(
        self, settings: LinearSettings | LowRankSettings | MlpSettings | ResidualSettings
    ) -> LinearAdapter | MlpAdapter | ResidualAdapter:
        """Make a core that maps vector by vector."""
        frame = self.frame
        match settings:
            case LinearSettings():
                return LinearAdapter(frame, self._start())
            case LowRankSettings():
                squeezed = squeezed_layers(self.statistics, self._affine(), settings.rank)
                return LinearAdapter(frame, squeezed)
            case MlpSettings():
                net = nn.Sequential(*hidden_layers(settings, frame, self.generator))
                return MlpAdapter(frame, net, noise=settings.noise)
            case ResidualSettings():
                affine = self._start().requires_grad_(settings.train_start)
                layers = hidden_layers(settings, frame, self.generator)
                branch = nn.Sequential(*layers)
                zero_layer(branch[-1])
                return ResidualAdapter(frame, affine, branch, noise=settings.noise)
            case _:
                assert_never(settings)

    def attention(self, settings: AttentionSettings) -> AttentionAdapter:
        """Make queries that look at what comes in."""
        frame, width = self.frame, settings.width
        length = frame.target.length if isinstance(frame.target.length, int) else 1
        queries = torch.empty(length, width).normal_(generator=self.generator)
        leave = drawn_layer(width, frame.target.dim, self.generator)
        has_start = frame.meeting is Meeting.POOLED and self.start is not None
        return AttentionAdapter(
            frame,
            drawn_layer(frame.source.dim, width, self.generator),
            nn.ModuleList(self._block(settings) for _ in range(settings.depth)),
            nn.Sequential(nn.LayerNorm(width), zero_layer(leave) if has_start else leave),
            queries=queries,
            start=self._start() if has_start else None,
        )

    def bilstm(self, settings: BiLstmSettings) -> BiLstmAdapter:
        """Make two readers of a sequence."""
        frame = self.frame
        readers = [
            drawn_reader(frame.source.dim, settings.hidden, self.generator) for _ in range(2)
        ]
        leave = drawn_layer(2 * settings.hidden, frame.target.dim, self.generator)
        return BiLstmAdapter(frame, readers, zero_layer(leave), start=self._start())

    def _block(self, settings: AttentionSettings) -> CrossAttention:
        width = settings.width
        draw = partial(drawn_layer, generator=self.generator)
        feed = nn.Sequential(
            draw(width, _FEED * width),
            nn.GELU(),
            nn.Dropout(settings.dropout),
            draw(_FEED * width, width),
        )
        norms = [nn.LayerNorm(width), nn.LayerNorm(width)]
        projections = [draw(width, width) for _ in range(4)]
        return CrossAttention(norms, projections, feed, heads=settings.heads)

    def _start(self) -> nn.Linear:
        return affine_layer(self.statistics, self._affine())

    def _affine(self) -> Affine:
        if self.start is None:
            ends = self.frame.source.name, self.frame.target.name
            reason = "it begins as a closed form, and none was fitted; take adapter=mlp"
            raise AdapterMismatchError("this adapter", *ends, reason)
        return self.start
