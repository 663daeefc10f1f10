"""Well-known architectures from their `transformers` configs, with random weights.

Those that read tokens are fed embeddings, so that they have a gradient.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from nets._net import Net, floats

_WIDTH = 128
_SHARED: Mapping[str, int] = {
    "hidden_size": _WIDTH,
    "intermediate_size": 4 * _WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}


class _ByEmbeddings(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, rows: Tensor) -> Tensor:
        return self.model(inputs_embeds=rows, use_cache=False).last_hidden_state


class _EncoderOnly(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, rows: Tensor) -> Tensor:
        return self.model(inputs_embeds=rows).last_hidden_state


class _BothSides(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, rows: Tensor, made: Tensor) -> Tensor:
        given = {"inputs_embeds": rows, "decoder_inputs_embeds": made}
        return self.model(**given, use_cache=False).last_hidden_state


class _First(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, value: Tensor) -> Tensor:
        return self.model(value).last_hidden_state


def _bert() -> nn.Module:
    from transformers import BertConfig, BertModel

    config = BertConfig(vocab_size=99, max_position_embeddings=64, **_SHARED)
    return _EncoderOnly(BertModel(config, add_pooling_layer=False))


def _gpt2() -> nn.Module:
    from transformers import GPT2Config, GPT2Model

    config = GPT2Config(vocab_size=99, n_positions=64, n_embd=_WIDTH, n_layer=2, n_head=4)
    return _ByEmbeddings(GPT2Model(config))


def _llama() -> nn.Module:
    from transformers import LlamaConfig, LlamaModel

    config = LlamaConfig(vocab_size=99, num_key_value_heads=2, **_SHARED)
    return _ByEmbeddings(LlamaModel(config))


def _t5() -> nn.Module:
    from transformers import T5Config, T5Model

    config = T5Config(
        vocab_size=99, d_model=_WIDTH, d_kv=32, d_ff=4 * _WIDTH, num_layers=2, num_heads=4
    )
    return _BothSides(T5Model(config))


def _vit() -> nn.Module:
    from transformers import ViTConfig, ViTModel

    config = ViTConfig(image_size=32, patch_size=8, **_SHARED)
    return _First(ViTModel(config, add_pooling_layer=False))


def _wav2vec2() -> nn.Module:
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    config = Wav2Vec2Config(
        vocab_size=32, conv_dim=(32, 32, 32), conv_stride=(5, 2, 2), conv_kernel=(10, 3, 2),
        num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4, **_SHARED,
    )  # fmt: skip
    return _First(Wav2Vec2Model(config))


def _whisper() -> nn.Module:
    from transformers import WhisperConfig, WhisperModel

    config = WhisperConfig(
        vocab_size=99, num_mel_bins=40, encoder_layers=2, encoder_attention_heads=4,
        decoder_layers=1, decoder_attention_heads=4, encoder_ffn_dim=4 * _WIDTH,
        decoder_ffn_dim=_WIDTH, d_model=_WIDTH, max_source_positions=32, pad_token_id=0,
        bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip
    return _First(WhisperModel(config).encoder)


def _two_sides(batch: int, length: int, source: torch.Generator) -> tuple[Tensor, ...]:
    shapes = (batch, length, _WIDTH), (batch, length // 2, _WIDTH)
    return tuple(torch.randn(shape, generator=source) for shape in shapes)


_TIME, _BATCH = {0: "batch", 1: "time"}, {0: "batch"}


def _rows(name: str, make: Callable[[], nn.Module]) -> Net:
    return Net(name, make, floats(0, -1, _WIDTH), (_TIME,))


NETS = (
    _rows("bert", _bert),
    _rows("gpt2", _gpt2),
    _rows("llama", _llama),
    Net("t5", _t5, _two_sides, (_TIME, {0: "batch", 1: "made"})),
    Net("vit", _vit, floats(0, 3, 32, 32), (_BATCH,), (8, 1), (3, 1)),
    Net("wav2vec2", _wav2vec2, floats(0, -1), (_TIME,), (2, 2000), (1, 1500)),
    Net("whisper", _whisper, floats(0, 40, 64), (_BATCH,), (4, 1), (2, 1)),
)
