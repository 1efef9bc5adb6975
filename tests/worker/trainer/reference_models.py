"""The published architectures, restated from their papers' code in plain PyTorch, for comparison with xptrain.

Independent on purpose: three separate projections, additive masks, no code shared with worker/trainer. A model is a
dict of Hugging Face names to tensors; config is the dict of config.json.
"""
import json
import math
import struct

import torch
import torch.nn.functional as F


def tiny_config(kind):
    if kind == "distilbert":
        return {"model_type": kind, "vocab_size": 97, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64,
                "max_position_embeddings": 40, "activation": "gelu", "pad_token_id": 0}
    config = {"model_type": kind, "vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 2,
              "num_attention_heads": 4, "intermediate_size": 64, "hidden_act": "gelu", "pad_token_id": 0,
              "max_position_embeddings": 40, "layer_norm_eps": 1e-12, "type_vocab_size": 2}
    if kind == "roberta":
        config.update(pad_token_id=1, max_position_embeddings=42, layer_norm_eps=1e-5, type_vocab_size=1)
    return config


def layer_names(kind, i):
    if kind == "distilbert":
        p = f"distilbert.transformer.layer.{i}."
        return dict(q=p + "attention.q_lin", k=p + "attention.k_lin", v=p + "attention.v_lin",
                    o=p + "attention.out_lin", n1=p + "sa_layer_norm", up=p + "ffn.lin1", down=p + "ffn.lin2",
                    n2=p + "output_layer_norm")
    p = f"{kind}.encoder.layer.{i}."
    return dict(q=p + "attention.self.query", k=p + "attention.self.key", v=p + "attention.self.value",
                o=p + "attention.output.dense", n1=p + "attention.output.LayerNorm", up=p + "intermediate.dense",
                down=p + "output.dense", n2=p + "output.LayerNorm")


def make_weights(config, labels=2, seed=0):
    kind = config["model_type"]
    hidden = config.get("dim", config.get("hidden_size"))
    wide = config.get("hidden_dim", config.get("intermediate_size"))
    layers = config.get("n_layers", config.get("num_hidden_layers"))
    generator = torch.Generator().manual_seed(seed)
    weights = {}

    def matrix(name, rows, columns):
        weights[name + ".weight"] = torch.randn(rows, columns, generator=generator) * 0.15
        weights[name + ".bias"] = torch.randn(rows, generator=generator) * 0.05

    def norm(name):
        weights[name + ".weight"] = 1 + torch.randn(hidden, generator=generator) * 0.1
        weights[name + ".bias"] = torch.randn(hidden, generator=generator) * 0.1

    def table(name, rows):
        weights[f"{kind}.embeddings.{name}.weight"] = torch.randn(rows, hidden, generator=generator) * 0.5

    table("word_embeddings", config["vocab_size"])
    table("position_embeddings", config["max_position_embeddings"])
    if kind != "distilbert":
        table("token_type_embeddings", config["type_vocab_size"])
    norm(f"{kind}.embeddings.LayerNorm")
    for i in range(layers):
        n = layer_names(kind, i)
        for part in "qkvo":
            matrix(n[part], hidden, hidden)
        norm(n["n1"])
        matrix(n["up"], wide, hidden)
        matrix(n["down"], hidden, wide)
        norm(n["n2"])
    head, out = {"distilbert": ("pre_classifier", "classifier"), "roberta": ("classifier.dense", "classifier.out_proj"),
                 "bert": ("bert.pooler.dense", "classifier")}[kind]
    matrix(head, hidden, hidden)
    matrix(out, labels, hidden)
    return weights


ACTIVATIONS = {"gelu": F.gelu, "gelu_new": lambda x: F.gelu(x, approximate="tanh"), "relu": F.relu, "silu": F.silu}


def forward(config, w, ids, mask, types=None, dropout=0.0):
    """Logits [B, C]; ids and mask are [B, T]. With dropout > 0 it is where the published code has it in training."""
    kind = config["model_type"]
    heads = config.get("n_heads", config.get("num_attention_heads"))
    layers = config.get("n_layers", config.get("num_hidden_layers"))
    eps = config.get("layer_norm_eps", 1e-12)
    pad = config["pad_token_id"]
    linear = lambda name, x: F.linear(x, w[name + ".weight"], w[name + ".bias"])
    norm = lambda name, x: F.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], eps)
    activate = ACTIVATIONS[config.get("activation", config.get("hidden_act"))]
    drop = (lambda x: F.dropout(x, dropout)) if dropout > 0 else (lambda x: x)
    base = f"{kind}.embeddings."
    if kind == "roberta":
        real = (ids != pad).long()
        positions = torch.cumsum(real, 1) * real + pad
    else:
        positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    x = F.embedding(ids, w[base + "word_embeddings.weight"], padding_idx=pad)
    x = x + F.embedding(positions, w[base + "position_embeddings.weight"],
                        padding_idx=pad if kind == "roberta" else None)
    if kind != "distilbert":
        types = torch.zeros_like(ids) if types is None else types
        x = x + F.embedding(types, w[base + "token_type_embeddings.weight"])
    x = drop(norm(base + "LayerNorm", x))
    hide = (1.0 - mask[:, None, None, :].float()) * torch.finfo(torch.float32).min
    batch, length, hidden = x.shape
    split = lambda t: t.view(batch, length, heads, hidden // heads).transpose(1, 2)
    for i in range(layers):
        n = layer_names(kind, i)
        q, k, v = (split(linear(n[part], x)) for part in "qkv")
        scores = q @ k.transpose(-1, -2) / math.sqrt(hidden // heads) + hide
        context = (drop(scores.softmax(-1)).to(v.dtype) @ v).transpose(1, 2).reshape(batch, length, hidden)
        attended = linear(n["o"], context)
        x = norm(n["n1"], x + (attended if kind == "distilbert" else drop(attended)))
        x = norm(n["n2"], x + drop(linear(n["down"], activate(linear(n["up"], x)))))
    first = x[:, 0]
    if kind == "distilbert":
        return linear("classifier", drop(torch.relu(linear("pre_classifier", first))))
    if kind == "roberta":
        return linear("classifier.out_proj", drop(torch.tanh(linear("classifier.dense", drop(first)))))
    return linear("classifier", drop(torch.tanh(linear("bert.pooler.dense", first))))


def train(config, weights, batches, steps, lr, warmup, weight_decay):
    """torch.optim.AdamW with the Trainer's groups, schedule and clipping; yields (loss, gradient norm) a step."""
    w = {name: tensor.clone().requires_grad_() for name, tensor in weights.items()}
    plain = [t for n, t in w.items() if n.endswith(".bias") or "LayerNorm" in n or "layer_norm" in n]
    decayed = [t for n, t in w.items() if not any(t is p for p in plain)]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": weight_decay},
                                   {"params": plain, "weight_decay": 0.0}], lr=lr)
    rate = lambda s: s / max(1, warmup) if s < warmup else max(0.0, (steps - s) / max(1, steps - warmup))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    for step in range(steps):
        ids, mask, types, labels = batches[step % len(batches)]
        loss = F.cross_entropy(forward(config, w, ids, mask, types), labels)
        optimizer.zero_grad()
        loss.backward()
        total = torch.nn.utils.clip_grad_norm_(list(w.values()), 1.0)
        optimizer.step()
        schedule.step()
        yield loss.item(), total.item()


def save_safetensors(path, weights):
    header, body = {}, b""
    for name, tensor in weights.items():
        data = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def load_safetensors(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    tensor = lambda begin, end: torch.frombuffer(bytearray(data[8 + size + begin:8 + size + end]), dtype=torch.float32)
    return {name: tensor(*entry["data_offsets"]).reshape(entry["shape"]) for name, entry in header.items()
            if name != "__metadata__"}
