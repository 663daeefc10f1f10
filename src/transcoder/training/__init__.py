"""The adapter between frozen nets: what it is compared with, its data, and how it is fitted."""

from transcoder.training._callbacks import Watch
from transcoder.training._data import Feed, LatentDataModule
from transcoder.training._fit import FitSettings, Fitted, fit_adapter
from transcoder.training._hub_net import HubNet, Member, hub_graph, hub_parts
from transcoder.training._loader import IndexLoader, Order, Rows, Share, Stored
from transcoder.training._meta_trainer import MetaTrainer, Start, TermSettings, make_core
from transcoder.training._module import Schedule, TranscoderModule
from transcoder.training._order import ShuffledOrder
from transcoder.training._terms import (
    SOURCE,
    LearningGraph,
    Positions,
    Term,
    latent_term,
    latent_terms,
)

__all__ = [
    "SOURCE",
    "Feed",
    "FitSettings",
    "Fitted",
    "HubNet",
    "IndexLoader",
    "LatentDataModule",
    "LearningGraph",
    "Member",
    "MetaTrainer",
    "Order",
    "Positions",
    "Rows",
    "Schedule",
    "Share",
    "ShuffledOrder",
    "Start",
    "Stored",
    "Term",
    "TermSettings",
    "TranscoderModule",
    "Watch",
    "fit_adapter",
    "hub_graph",
    "hub_parts",
    "latent_term",
    "latent_terms",
    "make_core",
]
