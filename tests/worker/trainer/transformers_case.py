"""What the comparisons with Hugging Face's own programs share. Import it before trainer_case's users.

Debian has transformers from its 14th release on, and continuous integration does not: where Python lacks it the
comparison says so and exits 77, which ctest shows as skipped. Nothing is fetched: models are small and made here.
"""
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
try:
    import transformers
except ImportError as error:
    print(f"skipped: {error} (Debian 14 and later: python3-transformers; with python3-accelerate for its Trainer)")
    sys.exit(77)
import reference_models as reference
import tokenizers.processors
import torch

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def roberta_processing(theirs=tokenizers.processors.RobertaProcessing):
    """tokenizers 0.23.1 calls `cls_token` what transformers 5.12.1 still hands it as `cls`."""
    return lambda sep, cls, **named: theirs(sep, cls, **named)


tokenizers.processors.RobertaProcessing = roberta_processing()


def make_model(kind, folder, seed=0, **changes):
    """A small classifier of transformers' own, as its library initialises it but with larger weights; saved."""
    settings = {**reference.tiny_config(kind), **changes}
    config = transformers.AutoConfig.for_model(settings.pop("model_type"), initializer_range=0.15, **settings)
    torch.manual_seed(seed)
    model = transformers.AutoModelForSequenceClassification.from_config(config).eval()
    with torch.no_grad():  # biases and norms begin as constants, which would hide a mistake
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn(parameter.shape) * 0.05)
    model.save_pretrained(folder)
    return model


def logits_of(model, examples):
    """One example at a time: no padding."""
    rows = []
    for example in examples:
        inputs = {key: torch.tensor([example[key]]) for key in ("input_ids", "attention_mask", "token_type_ids")
                  if key in example}
        with torch.no_grad():
            rows.append(model(**inputs).logits[0].tolist())
    return rows
