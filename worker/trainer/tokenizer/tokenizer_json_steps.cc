// The steps before and after the model. Types and defaults are those of the reference's serde
// readers; where a file says null there is no step.
#include "worker/trainer/tokenizer/tokenizer_json.h"

namespace xp::trainer {
namespace {

using Kind = NormalizerStep::Kind;

void ReadBert(const JsonNode& node, NormalizerStep& step) {
  step.bert.clean_text = node.At("clean_text").Flag();
  step.bert.handle_chinese_chars = node.At("handle_chinese_chars").Flag();
  step.bert.lowercase = node.At("lowercase").Flag();
  step.bert.strip_accents = node.FlagOr("strip_accents", step.bert.lowercase);
}

void ReadReplace(const JsonNode& node, NormalizerStep& step) {
  const JsonNode pattern = node.At("pattern");
  if (!pattern.value().is_object() || !pattern.Has("String")) {
    pattern.Refuse("{\"String\": TEXT}; regular expressions are not known");
  }
  step.pattern = pattern.At("String").Text();
  if (step.pattern.empty()) pattern.Refuse("a text that is not empty");
  step.content = node.At("content").Text();
}

// [CLS] $A [SEP] and its like: the text once, special tokens around it.
void ReadTemplate(const JsonNode& node, std::vector<uint32_t>& before,
                  std::vector<uint32_t>& after) {
  bool seen = false;
  for (const JsonNode& piece : node.At("single").Items()) {
    const bool sequence = piece.value().is_object() && piece.Has("Sequence");
    const JsonNode inner = piece.At(sequence ? "Sequence" : "SpecialToken");
    if (inner.Has("type_id") && inner.At("type_id").value() != 0) inner.At("type_id").Refuse("0");
    const std::string name = inner.At("id").Text();
    if (sequence) {
      if (name != "A" || seen) inner.Refuse("the sequence A, once");
      seen = true;
      continue;
    }
    for (const JsonNode& id : node.At("special_tokens").At(name.c_str()).At("ids").Items()) {
      (seen ? after : before).push_back(id.TokenId());
    }
  }
  if (!seen) node.At("single").Refuse("the sequence A, once");
}

uint32_t SpecialId(const JsonNode& pair) {  // ["[CLS]", 101]
  const std::vector<JsonNode> items = pair.Items();
  if (items.size() != 2) pair.Refuse("[TOKEN, ID]");
  return items[1].TokenId();
}

}  // namespace

void ReadNormalizer(const JsonNode& node, std::vector<NormalizerStep>& steps) {
  if (node.value().is_null()) return;
  const std::string type = node.Type();
  NormalizerStep step;
  if (type == "Sequence") {
    for (const JsonNode& inner : node.At("normalizers").Items()) ReadNormalizer(inner, steps);
    return;
  }
  if (type == "BertNormalizer") {
    ReadBert(node, step);
  } else if (type == "Lowercase") {
    step.kind = Kind::kLowercase;
  } else if (type == "NFC") {
    step.kind = Kind::kNfc;
  } else if (type == "NFD") {
    step.kind = Kind::kNfd;
  } else if (type == "NFKC") {
    step.kind = Kind::kNfkc;
  } else if (type == "NFKD") {
    step.kind = Kind::kNfkd;
  } else if (type == "StripAccents") {
    step.kind = Kind::kStripAccents;
  } else if (type == "Strip") {
    step.kind = Kind::kStrip;
    step.strip_left = node.At("strip_left").Flag();
    step.strip_right = node.At("strip_right").Flag();
  } else if (type == "Replace") {
    step.kind = Kind::kReplace;
    ReadReplace(node, step);
  } else if (type == "Prepend") {
    step.kind = Kind::kPrepend;
    step.content = node.At("prepend").Text();
  } else {
    node.At("type").Refuse(
        "BertNormalizer, Lowercase, NFC, NFD, NFKC, NFKD, StripAccents, Strip, Replace, Prepend, "
        "Sequence");
  }
  steps.push_back(std::move(step));
}

void ReadPreTokenizer(const JsonNode& node, TokenizerParts& parts) {
  if (node.value().is_null()) return;
  const std::string type = node.Type();
  if (type == "Sequence") {
    for (const JsonNode& inner : node.At("pretokenizers").Items()) ReadPreTokenizer(inner, parts);
    return;
  }
  if (parts.byte_level) node.Refuse("nothing after ByteLevel");
  if (type == "BertPreTokenizer") {
    parts.splitters.push_back(Splitter::kBert);
  } else if (type == "Whitespace") {
    parts.splitters.push_back(Splitter::kWhitespace);
  } else if (type == "WhitespaceSplit") {
    parts.splitters.push_back(Splitter::kWhitespaceSplit);
  } else if (type == "ByteLevel") {  // its trim_offsets changes no id
    parts.byte_level.emplace();
    parts.byte_level->add_prefix_space = node.At("add_prefix_space").Flag();
    parts.byte_level->use_regex = node.FlagOr("use_regex", true);
  } else {
    node.At("type").Refuse("BertPreTokenizer, Whitespace, WhitespaceSplit, ByteLevel, Sequence");
  }
}

void ReadPostProcessor(const JsonNode& node, TokenizerParts& parts) {
  if (node.value().is_null()) return;
  const std::string type = node.Type();
  if (type == "Sequence") {
    for (const JsonNode& inner : node.At("processors").Items()) ReadPostProcessor(inner, parts);
    return;
  }
  std::vector<uint32_t> before, after;
  if (type == "TemplateProcessing") {
    ReadTemplate(node, before, after);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    before.push_back(SpecialId(node.At("cls")));
    after.push_back(SpecialId(node.At("sep")));
  } else if (type != "ByteLevel") {  // that one only trims offsets
    node.At("type").Refuse(
        "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence");
  }
  // Each processor of a sequence wraps what the one before has made.
  parts.prefix_ids.insert(parts.prefix_ids.begin(), before.begin(), before.end());
  parts.suffix_ids.insert(parts.suffix_ids.end(), after.begin(), after.end());
}

}  // namespace xp::trainer
