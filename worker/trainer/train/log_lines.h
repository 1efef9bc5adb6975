// The log lines of Hugging Face's Trainer, 4.x form: a Python dict with unquoted floats, one a
// line, so that regular expressions made for it fit (facts: transformers' ProgressCallback prints
// str(logs)). Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xp::trainer {

// Python's repr of a float: shortest digits that read back, 5e-05, 1.0, nan, inf.
std::string PythonFloat(double value);

// Python's round(value, digits).
double RoundTo(double value, int digits);

// {'loss': 0.6931, 'learning_rate': 5e-05, 'epoch': 0.5}
std::string DictLine(const std::vector<std::pair<std::string, double>>& entries);

}  // namespace xp::trainer
