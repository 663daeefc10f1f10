"""One tree of exceptions; each says who, what was found, what was wanted and what to do."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches


class TranscoderError(Exception):
    """Anything that this package refuses or fails at, in one sentence."""


class MalformedNameError(TranscoderError):
    """A modality, spec or pattern that the grammar does not accept."""

    def __init__(self, what: str, text: str, wanted: str) -> None:
        self.what, self.text, self.wanted = what, text, wanted
        super().__init__(f"{text!r} is not a {what}; write it like {wanted}")


class UnknownNameError(TranscoderError):
    """A name that nothing registered answers to."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.what, self.name, self.known = what, name, tuple(sorted(known))
        near = get_close_matches(name, self.known, n=3, cutoff=0.5)
        shown = ", ".join(repr(each) for each in (near or self.known)[:12])
        hint = f"did you mean {shown}?" if near else f"known are {shown or 'none yet'}"
        super().__init__(f"there is no {what} {name!r}; {hint}")


class SpecMismatchError(TranscoderError):
    """Two ends that were to meet do not fit."""

    def __init__(self, giver: str, given: str, taker: str, taken: str) -> None:
        self.giver, self.given, self.taker, self.taken = giver, given, taker, taken
        super().__init__(
            f"{giver!r} gives {given} but {taker!r} takes {taken}; "
            "train a transcoder between them or choose another path"
        )


class FaultsError(TranscoderError):
    """Several faults of one thing, reported together."""

    def __init__(self, what: str, faults: Sequence[str], remedy: str) -> None:
        self.what, self.faults, self.remedy = what, tuple(faults), remedy
        if len(self.faults) == 1:
            text = f"{what}: {self.faults[0]}; {remedy}"
        else:
            listed = "".join(f"\n  - {fault}" for fault in self.faults)
            text = f"{what}: {len(self.faults)} faults; {remedy}{listed}"
        super().__init__(text)


class CommitError(FaultsError):
    """A transaction whose result would not be consistent."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("the transaction was refused", faults, "nothing was changed")


class RecipeError(FaultsError):
    """A recipe or world file with faults."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        super().__init__(f"{name!r} cannot be used", faults, "correct the file and run again")


class ConflictError(TranscoderError):
    """Another transaction changed the same things first.

    Attributes:
        touched: By name, what the other made of it.
    """

    def __init__(self, touched: Mapping[str, str]) -> None:
        self.touched = dict(touched)
        names = ", ".join(f"{name!r} ({what})" for name, what in self.touched.items())
        super().__init__(
            f"another transaction has changed {names} meanwhile; nothing was changed, "
            "look at the new state and start the transaction again"
        )


class RegistryVersionError(TranscoderError):
    """A registry written by another version of this package."""

    def __init__(self, place: str, found: int, wanted: int) -> None:
        self.place, self.found, self.wanted = place, found, wanted
        super().__init__(
            f"the registry at {place!r} has schema {found}, this version reads {wanted}; "
            "install the version of transcoder that made it, or choose another registry.url"
        )


class CorruptBlobError(TranscoderError):
    """Stored bytes that no longer have the digest in their name."""

    def __init__(self, place: str, wanted: str, found: str) -> None:
        self.place, self.wanted, self.found = place, wanted, found
        super().__init__(
            f"the file {place!r} should have SHA-256 {wanted[:12]}... but has {found[:12]}...; "
            "it was damaged: restore it from a copy, or register the model again"
        )


class StorageError(TranscoderError):
    """A place that cannot be read or written."""

    def __init__(self, place: str, reason: str, remedy: str) -> None:
        self.place, self.reason, self.remedy = place, reason, remedy
        super().__init__(f"{place!r} cannot be used: {reason}; {remedy}")


class InvalidModelError(TranscoderError):
    """Bytes that are not an ONNX model which can be used."""

    def __init__(self, name: str, reason: str, remedy: str = "export the model again") -> None:
        self.name, self.reason, self.remedy = name, reason, remedy
        super().__init__(f"the model {name!r} cannot be used: {reason}; {remedy}")


class CutError(TranscoderError):
    """A tensor at which a network does not fall apart."""

    def __init__(self, tensor: str, reason: str, known: Sequence[str]) -> None:
        self.tensor, self.reason, self.known = tensor, reason, tuple(known)
        near = get_close_matches(tensor, self.known, n=3, cutoff=0.5) or self.known[:3]
        shown = ", ".join(repr(each) for each in near)
        hint = f"; it can be cut at {shown}" if shown else ""
        super().__init__(f"the network cannot be cut at {tensor!r}: {reason}{hint}")


class SpliceError(TranscoderError):
    """Two networks that cannot be put behind each other."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(f"the two networks cannot be spliced: {reason}; {remedy}")


class PathExportError(TranscoderError):
    """A path that cannot become one ONNX file."""

    def __init__(self, path: str, reason: str, remedy: str) -> None:
        self.path, self.reason, self.remedy = path, reason, remedy
        super().__init__(f"the path {path} cannot be exported: {reason}; {remedy}")


class UnsupportedOperatorError(TranscoderError):
    """A node of an ONNX graph that has no torch meaning here."""

    def __init__(self, operator: str, node: str, opset: int, reason: str) -> None:
        self.operator, self.node, self.opset, self.reason = operator, node, opset, reason
        super().__init__(
            f"operator {operator!r} (node {node!r}, opset {opset}) "
            f"cannot be converted: {reason}"
        )


class OracleError(TranscoderError):
    """An oracle that refused a value or broke its promise."""

    def __init__(self, oracle: str, index: int | None, reason: str) -> None:
        self.oracle, self.index, self.reason = oracle, index, reason
        where = "" if index is None else f" at value {index}"
        super().__init__(f"oracle {oracle!r} failed{where}: {reason}")


class OracleNotAllowedError(TranscoderError):
    """An oracle whose code is not on the registry's allow-list."""

    def __init__(self, entry_point: str, allowed: Sequence[str]) -> None:
        self.entry_point, self.allowed = entry_point, tuple(allowed)
        module = entry_point.partition(":")[0]
        super().__init__(
            f"the code {entry_point!r} may not run: its module is not among "
            f"{', '.join(self.allowed)}; if you trust it, add {module!r} to registry.allow"
        )


class MissingExtraError(TranscoderError):
    """An optional package that is not installed."""

    def __init__(self, needed_for: str, package: str, extra: str) -> None:
        self.needed_for, self.package, self.extra = needed_for, package, extra
        super().__init__(
            f"{needed_for} needs the package {package!r}, which is not installed; "
            f"run: pip install 'transcoder[{extra}]'"
        )


class NoPathError(TranscoderError):
    """No sequence of edges leads from one modality to the other."""

    def __init__(self, source: str, target: str, advice: str) -> None:
        self.source, self.target, self.advice = source, target, advice
        super().__init__(f"there is no path from {source!r} to {target!r}; {advice}")


class MixedSpacesError(TranscoderError):
    """Two versions of one latent, whose equal shapes do not make them equal."""

    def __init__(self, first: str, second: str) -> None:
        self.first, self.second = first, second
        super().__init__(
            f"{first!r} and {second!r} are different spaces; "
            "train a transcoder between them or use edges of one version"
        )


class NoOpportunityError(TranscoderError):
    """A missing transcoder that nothing registered allows to be trained."""

    def __init__(self, source: str, target: str, reason: str) -> None:
        self.source, self.target, self.reason = source, target, reason
        super().__init__(f"a transcoder {source!r} -> {target!r} cannot be trained: {reason}")


class DataError(TranscoderError):
    """Rows that cannot be used."""

    def __init__(self, dataset: str, reason: str, remedy: str) -> None:
        self.dataset, self.reason, self.remedy = dataset, reason, remedy
        super().__init__(f"the dataset {dataset!r} cannot be used: {reason}; {remedy}")


class UnpairedError(TranscoderError):
    """Rows of two spaces that no map without pairs was found between."""

    def __init__(self, share: float, control: float, starts: int) -> None:
        self.share, self.control, self.starts = share, control, starts
        super().__init__(
            f"no map was found without pairs: of {starts} starts no two agree on one that does "
            f"better than starts at random ({share:.0%} of the rows have a mutual neighbour at "
            f"best, {control:.0%} after those); nothing is registered, add some pairs"
        )


class NonFiniteError(TranscoderError):
    """NaN or infinity where numbers were wanted."""

    def __init__(self, where: str, tensor: str, row: int) -> None:
        self.where, self.tensor, self.row = where, tensor, row
        super().__init__(
            f"{where} gave NaN or infinity in {tensor!r} at row {row}; "
            "check that row and the network that made it"
        )


class ConversionError(TranscoderError):
    """A value that could not be taken along a path, and the edge that is to blame."""

    def __init__(self, edge: str, index: int | None, reason: str) -> None:
        self.edge, self.index, self.reason = edge, index, reason
        where = "" if index is None else f" for value {index}"
        super().__init__(f"{edge} failed{where}: {reason}")


class NoGradientError(TranscoderError):
    """A path, or a cotangent, along which no gradient can be taken."""

    def __init__(self, path: str, reason: str, remedy: str) -> None:
        self.path, self.reason, self.remedy = path, reason, remedy
        super().__init__(f"no gradient can be taken along {path}: {reason}; {remedy}")


class PrunedError(TranscoderError):
    """A fit that was ended because others of its sweep do better."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        super().__init__(f"ended after epoch {epoch}: other trials of the sweep do better")


class NoConfidenceError(TranscoderError):
    """A path along which nobody can say how familiar a value is."""

    def __init__(self, path: str, reason: str, remedy: str) -> None:
        self.path, self.reason, self.remedy = path, reason, remedy
        super().__init__(f"there is no confidence along {path}: {reason}; {remedy}")


class AdapterMismatchError(TranscoderError):
    """An adapter that cannot join two specs."""

    def __init__(self, adapter: str, source: str, target: str, reason: str) -> None:
        self.adapter, self.source, self.target, self.reason = adapter, source, target, reason
        super().__init__(f"adapter {adapter!r} cannot join {source} to {target}: {reason}")


class CheckpointError(TranscoderError):
    """A checkpoint that an adapter cannot begin with."""

    def __init__(self, place: str, reason: str) -> None:
        self.place, self.reason = place, reason
        super().__init__(
            f"the checkpoint {place!r} does not fit this adapter: {reason}; "
            "give one of the same adapter between the same latents, or ckpt=none"
        )


class ExportMismatchError(TranscoderError):
    """An exported file that does not compute what the trained net computes."""

    def __init__(self, difference: float, tolerance: float) -> None:
        self.difference, self.tolerance = difference, tolerance
        super().__init__(
            f"the exported file differs from the trained net by {difference:.3g}, more than "
            f"{tolerance:.3g}; nothing was registered, report this with the recipe"
        )


class WeakNativeError(TranscoderError):
    """A native chain that is too bad to measure another chain by."""

    def __init__(self, chain: str, score: float, floor: float) -> None:
        self.chain, self.score, self.floor = chain, score, floor
        super().__init__(
            f"no retention can be stated: the native chain {chain} itself scores {score:.3f}, "
            f"below the floor of {floor:.3f}; look at its networks and at the reference column"
        )
