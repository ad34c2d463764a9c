"""The authors' GReaT (be-great) on one table, in an environment of its own: `python great.py request.json`.

Options: `steps`, `batch`, `learning_rate`, `width`, `layers`, `heads`, `vocabulary` (of a GPT-2 with random weights and
a byte-level tokenizer learnt from the train text, which is saved as `out/model` so that others can start from it),
or `model`, a folder to start from; `sampling_seconds`, after which sampling stops with what it has.
"""

import json
import random
import sys
import time
from importlib.metadata import version
from pathlib import Path

import be_great.great as module
import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

END = "<|endoftext|>"


def small_model(train, options, folder):
    """A GPT-2 of this size in `folder`."""
    texts = [", ".join(f"{name} is {value}" for name, value in row.items()) for row in train.to_dict("records")]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=options["vocabulary"], special_tokens=[END], initial_alphabet=alphabet),
    )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=END, eos_token=END).save_pretrained(folder)
    size = {"n_embd": options["width"], "n_layer": options["layers"], "n_head": options["heads"]}
    config = GPT2Config(vocab_size=tokenizer.get_vocab_size(), n_positions=1024, bos_token_id=0, eos_token_id=0, **size)
    GPT2LMHeadModel(config).save_pretrained(folder)


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - cpu


class Enough(Exception):
    """Sampling has used its time."""


def main(request):
    options, out = request["options"], Path(request["out"])
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(request["seed"])
    labels = {name: str for name in request["categorical"]}
    train = pd.read_csv(request["train"], dtype=labels, keep_default_na=False, na_values=[""])
    names = list(train.columns)
    for name in request["integer"]:
        train[name] = train[name].astype("Int64" if train[name].isna().any() else "int64")
    # the last column is what the package starts records with
    if request["target"]:
        train = train[[*(name for name in train if name != request["target"]), request["target"]]]
    folder = options.get("model")
    if folder is None:
        folder = str(out / "model")
        small_model(train, options, folder)
    great = module.GReaT(
        folder,
        experiment_dir=str(out / "trainer"),
        epochs=1,
        batch_size=options["batch"],
        max_steps=options["steps"],
        learning_rate=options["learning_rate"],
        save_strategy="no",
        logging_strategy="no",
        use_cpu=True,
        seed=request["seed"],
    )
    # a random column would take the target's place after every epoch
    _, fit_wall, fit_cpu = timed(lambda: great.fit(train, random_conditional_col=False))
    texts = [
        ", ".join(f"{name} is {value}" for name, value in row.items()) for row in train.head(500).to_dict("records")
    ]
    lengths = [len(ids) for ids in great.tokenizer(texts)["input_ids"]]
    written = []
    convert = module._convert_text_to_tabular_data
    deadline = time.process_time() + options.get("sampling_seconds", 600)

    def counting(text, columns):
        if time.process_time() > deadline:
            raise Enough
        written.append(len(text))
        return convert(text, columns)

    module._convert_text_to_tabular_data = counting
    great.model.eval()
    synthetic, sample_wall, sample_cpu = timed(
        lambda: great.sample(request["records"], k=100, max_length=int(1.25 * max(lengths)) + 8, device="cpu")
    )
    for name in request["integer"]:  # the package leaves what its model wrote
        synthetic[name] = pd.to_numeric(synthetic[name]).round().astype("Int64")
    synthetic[names].to_csv(out / "synthetic.csv", index=False)
    cost = {
        "package": "be-great",
        "version": version("be-great"),
        "steps": options["steps"],
        "records_per_step": options["batch"],
        "parameters": sum(weight.numel() for weight in great.model.parameters()),
        "fit_wall_seconds": fit_wall,
        "fit_cpu_seconds": fit_cpu,
        "sample_wall_seconds": sample_wall,
        "sample_cpu_seconds": sample_cpu,
        "tokens_per_record": float(np.mean(lengths)),
        "records_written": sum(written),
        "records_kept": len(synthetic),
    }
    (out / "cost.json").write_text(json.dumps(cost, indent=1))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
