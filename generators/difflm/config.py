"""Settings of DiffLM. The defaults are the compact preset; the profile `paper` holds the published one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args, get_type_hints

from bench.errors import BenchError
from generators.training.limits import check_least


@dataclass(frozen=True)
class DiffLMConfig:
    """What can be chosen.

    Networks:
        encoder: `compact` (a small BERT trained here), or path or hub id of a BERT-like, T5-like or
            causal language model.
        encoder_revision: of the hub id; empty for the newest.
        decoder: `compact` (a small Llama trained here), or path or hub id of any causal language model.
        decoder_revision: of the hub id; empty for the newest.
        decoder_training: `full`, `lora` (low-rank adapters, peft) or `frozen`.
        lora_rank, lora_alpha: of the adapters, which go to all linear layers.
        dtype: of pretrained weights that are not trained; trained ones are float32.
        quantization: of a pretrained decoder that is not trained in full; needs bitsandbytes.
        device_map: of a pretrained decoder, as in transformers; empty for the one device.
        attention: `attn_implementation` of transformers; empty for the fastest of the device.
        encoder_width, encoder_layers, encoder_heads: of the compact encoder.
        decoder_width, decoder_layers, decoder_heads: of the compact decoder.

    Text:
        bins: quantile bins of a numeric column whose values are no atoms.
        atom_limit: a numeric column with at most this many distinct values needs no digits.
        atom_share: share of the rows from which on a single number gets a token of its own.
        vocabulary: byte-pair tokens for records that are text (code, tools).
        max_length: most tokens of a record that is spelled as text; longer ones are left out of training,
            and refused where they are more than a tenth.
        column_order: in which columns of a table are spelled: as in the schema, the target first, or in a
            random order of every record and step (compact decoder only).

    Latent:
        latent_size: dimensions.
        injection: how the latent steers the decoder, see `injection.py`.
        soft_tokens: vectors in front of a record, of soft_prompt and prefix_soft_prompt.
        least_deviation: lower bound of the posterior's standard deviation in every dimension.
        kl_schedule: weight of the KL term, see `schedule.py`.
        beta: its weight against the true bound (sums over a record, in nats); its start where it falls.
        beta_scale: `published` where beta multiplies a KL averaged over dimensions against a loss
            averaged over tokens, as in the release; it is converted.
        least_beta, beta_factor: of the schedule `decreasing`.
        cycles: of the schedule `cyclical`.
        capacity_nats: what the schedule `capacity` holds the latent to carry, in nats a record.
        free_nats: KL of a dimension that costs nothing, in nats.
        word_dropout: share of the decoder's input tokens that are hidden from it in training.

    Training:
        steps: optimiser steps of the autoencoder, at most.
        epochs: passes over the train rows of a table; fewer where `steps` ends first.
        text_epochs: the same for records that are text, which overfit later.
        least_steps: steps that a small table gets however many passes they are.
        batch_tokens: record tokens of a step, on average; the number of records follows from it.
        batch_records: records of a step, whatever their length; 0 for `batch_tokens`.
        learning_rate: peak of AdamW; linear warm-up, then cosine.
        warmup_steps: steps until the peak.
        weight_decay: of AdamW.
        average_decay: of the averaged weights that are kept; 0 keeps the weights themselves.

    Diffusion:
        denoiser: `mlp` (residual blocks) or `transformer` (a latent dimension is a token).
        diffusion_target: `mean` learns posterior means, and posterior noise is added when sampling;
            `sample` learns posterior samples.
        diffusion_width, diffusion_blocks: of the denoiser.
        diffusion_steps: optimiser steps of the denoiser, at most.
        diffusion_epochs: passes over the latents; fewer where `diffusion_steps` ends first.
        diffusion_least_steps: steps that few latents get however many passes they are.
        diffusion_batch: latents of a step.
        diffusion_learning_rate: peak of AdamW; cosine.
        ema_decay: of the denoiser's averaged weights.
        matched_draws: latents that are drawn after training to match their mean and covariance with those
            that were learnt from, many times `latent_size`; 0 leaves draws as they are.
        condition_dropout: share of the records for which a denoiser that is to be guided sees no column
            at all; for the others it sees a random subset.
        sampler: `heun`, `euler` or `stochastic`.
        sampler_steps: noise levels.
        churn: noise that the stochastic sampler adds anew (S_churn of Karras et al.); 0 makes it Heun.

    Sampling:
        temperature: of decoding; 1 draws from the model itself, 0 takes the likeliest token.
        program_temperature: the same for programs: one wrong token in a hundred is one that does not parse.
        top_p: the likeliest tokens with at least this much mass are kept; 1 for all.
        top_k: the likeliest tokens that are kept; 0 for all.
        constraint: of records that are written as JSON, which are tools, and tables of a pretrained
            decoder: `schema` keeps every record legal while it is written, `check` rejects illegal ones.
            Programs are always checked, and so is what no grammar can say of tools.
        where: `rejection` is exact and costs one over the share of fitting records; `guidance` draws
            latents given the condition and forces its values, which the denoiser has to learn in the fit.
        guidance: weight of the condition on the latents; 1 draws from the learnt conditional.
        decode_batch: records that are decoded together, fewer where they are long; bounds the memory of
            sampling.
        attempts_per_record: attempts that a record may cost before sampling ends with a shortfall.
    """

    encoder: str = "compact"
    encoder_revision: str = ""
    decoder: str = "compact"
    decoder_revision: str = ""
    decoder_training: Literal["full", "lora", "frozen"] = "full"
    lora_rank: int = 16
    lora_alpha: int = 32
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    quantization: Literal["none", "8bit", "4bit"] = "none"
    device_map: str = ""
    attention: str = ""
    encoder_width: int = 128
    encoder_layers: int = 2
    encoder_heads: int = 4
    decoder_width: int = 192
    decoder_layers: int = 3
    decoder_heads: int = 4

    bins: int = 64
    atom_limit: int = 128
    atom_share: float = 0.002
    vocabulary: int = 1024
    max_length: int = 1024
    column_order: Literal["schema", "target_first", "random"] = "target_first"

    latent_size: int = 16
    injection: Literal["soft_prompt", "prefix_soft_prompt", "kv_memory", "input_embed"] = "soft_prompt"
    soft_tokens: int = 4
    least_deviation: float = 0.5
    kl_schedule: Literal["capacity", "constant", "cyclical", "decreasing"] = "capacity"
    beta: float = 1.0
    beta_scale: Literal["elbo", "published"] = "elbo"
    least_beta: float = 0.001
    beta_factor: float = 0.7
    cycles: int = 4
    capacity_nats: float = 6.0
    free_nats: float = 0.0
    word_dropout: float = 0.0

    steps: int = 4000
    epochs: int = 10
    text_epochs: int = 10
    least_steps: int = 400
    batch_tokens: int = 1500
    batch_records: int = 0
    learning_rate: float = 1.5e-3
    warmup_steps: int = 100
    weight_decay: float = 0.01
    average_decay: float = 0.998

    denoiser: Literal["mlp", "transformer"] = "mlp"
    diffusion_target: Literal["mean", "sample"] = "mean"
    diffusion_width: int = 128
    diffusion_blocks: int = 3
    diffusion_steps: int = 20_000
    diffusion_epochs: int = 320
    diffusion_least_steps: int = 2000
    diffusion_batch: int = 512
    diffusion_learning_rate: float = 2e-3
    ema_decay: float = 0.999
    matched_draws: int = 16_384
    condition_dropout: float = 0.5
    sampler: Literal["heun", "euler", "stochastic"] = "heun"
    sampler_steps: int = 32
    churn: float = 0.0

    temperature: float = 1.0
    program_temperature: float = 0.7
    top_p: float = 1.0
    top_k: int = 0
    constraint: Literal["schema", "check"] = "schema"
    where: Literal["rejection", "guidance"] = "rejection"
    guidance: float = 1.0
    decode_batch: int = 2048
    attempts_per_record: int = 100

    def __post_init__(self) -> None:
        for field, kind in get_type_hints(DiffLMConfig).items():
            if (known := get_args(kind)) and (value := getattr(self, field)) not in known:
                raise BenchError(f"{field} = '{value}' of DiffLM: one of {', '.join(known)}")
        check_least(
            self, "DiffLM", lora_rank=1, encoder_width=1, encoder_layers=1, encoder_heads=1, decoder_width=1,
            decoder_layers=1, decoder_heads=1, bins=1, max_length=2, latent_size=1, cycles=1, steps=1, epochs=1,
            text_epochs=1, batch_tokens=1, batch_records=0, warmup_steps=1, diffusion_width=1, diffusion_blocks=1,
            diffusion_steps=1, diffusion_epochs=1, diffusion_batch=1, matched_draws=0, sampler_steps=1,
            decode_batch=1, attempts_per_record=1,
        )  # fmt: skip
        for side, heads in (("encoder", self.encoder_heads), ("decoder", 2 * self.decoder_heads)):
            # rotary positions turn pairs of a head's dimensions
            if (width := getattr(self, f"{side}_width")) % heads:
                raise BenchError(f"{side}_width = {width} of DiffLM: must be a multiple of {heads}, by its heads")
