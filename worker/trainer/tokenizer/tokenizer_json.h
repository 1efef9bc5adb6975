// The parts of a tokenizer.json, each read from its JSON value into TokenizerParts. Internal to
// ParseTokenizerJson: they throw JsonNode::Bad for what xptrain does not know, never guess.
#pragma once

#include "worker/trainer/tokenizer/json_node.h"
#include "worker/trainer/tokenizer/tokenizer.h"

namespace xp::trainer {

void ReadNormalizer(const JsonNode& normalizer, std::vector<NormalizerStep>& steps);
void ReadPreTokenizer(const JsonNode& pre_tokenizer, TokenizerParts& parts);
void ReadPostProcessor(const JsonNode& post_processor, TokenizerParts& parts);

}  // namespace xp::trainer
