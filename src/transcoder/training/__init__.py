"""The adapter between frozen nets: what it is compared with, its data, and how it is fitted."""

from transcoder.training._data import LatentDataModule
from transcoder.training._fit import FitSettings, Fitted, fit_adapter
from transcoder.training._loader import IndexLoader, Order, Rows, Stored
from transcoder.training._meta_trainer import MetaTrainer, Start, TermSettings
from transcoder.training._module import Schedule, TranscoderModule
from transcoder.training._order import ShuffledOrder
from transcoder.training._terms import SOURCE, LearningGraph, Term, latent_term, latent_terms

__all__ = [
    "SOURCE",
    "FitSettings",
    "Fitted",
    "IndexLoader",
    "LatentDataModule",
    "LearningGraph",
    "MetaTrainer",
    "Order",
    "Rows",
    "Schedule",
    "ShuffledOrder",
    "Start",
    "Stored",
    "Term",
    "TermSettings",
    "TranscoderModule",
    "fit_adapter",
    "latent_term",
    "latent_terms",
]
