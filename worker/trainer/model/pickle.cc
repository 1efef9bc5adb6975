#include "worker/trainer/model/pickle.h"

#include <absl/strings/str_format.h>
#include <algorithm>
#include <cstring>
#include <deque>
#include <set>
#include <stdexcept>
#include <utility>

namespace xp::trainer {
namespace {

struct Value;
using Ref = Value*;  // the machine owns all values: a pickle may nest them deeply, or in a circle

struct Value {
  enum Kind { kNone, kMark, kInteger, kText, kSequence, kDict, kGlobal, kTensor } kind = kNone;
  int64_t integer = 0;
  std::string text;                          // kText, kGlobal
  std::vector<Ref> items;                    // kSequence
  std::vector<std::pair<Ref, Ref>> entries;  // kDict
  PickledTensor tensor;                      // kTensor; a storage is one without shape
};

constexpr size_t kMaxTensorName = 1024;

// What torch.save names. A storage's type is torch.SomethingStorage.
bool IsKnownGlobal(const std::string& name) {
  static const std::set<std::string> known = {"collections.OrderedDict",
                                              "torch._utils._rebuild_tensor_v2",
                                              "torch._utils._rebuild_parameter"};
  return known.contains(name) || (name.starts_with("torch.") && name.ends_with("Storage") &&
                                  name.find('.', 6) == name.npos);
}

// Throws std::runtime_error for what it does not accept; Read catches it.
class Machine {
 public:
  explicit Machine(std::string_view bytes) : bytes_(bytes) {}

  Ref Run() {
    while (true) {
      const auto op = static_cast<unsigned char>(Take(1)[0]);
      if (op == '.') return Pop();
      Execute(op);
    }
  }
  size_t at() const { return at_; }

 private:
  static constexpr size_t kMaxValues = 200'000;  // a model has some ten thousand
  // Each tensor has these of its own, so that a small file must not make them long.
  static constexpr size_t kMaxName = 64;  // of a global or a storage's key: "1234"
  static constexpr size_t kMaxDimensions = 8;

  void Execute(unsigned char op);

  [[noreturn]] static void Refuse(const std::string& what) { throw std::runtime_error(what); }

  std::string_view Take(size_t count) {
    if (count > bytes_.size() - at_) Refuse("the pickle ends here");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  template <typename T>
  T Number() {
    T value;
    std::memcpy(&value, Take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string Line() {
    const size_t end = bytes_.find('\n', at_);
    if (end == bytes_.npos) Refuse("the pickle ends within a name");
    std::string line(Take(end - at_));
    Take(1);
    return line;
  }

  Ref Make(Value::Kind kind) {
    if (values_.size() >= kMaxValues) Refuse("too many values");
    values_.emplace_back().kind = kind;
    return &values_.back();
  }
  void Push(Ref value) { stack_.push_back(value); }
  void PushInteger(int64_t number) {
    Ref value = Make(Value::kInteger);
    value->integer = number;
    Push(value);
  }
  void PushText(std::string_view text) {
    Ref value = Make(Value::kText);
    value->text = text;
    Push(value);
  }
  void PushSequence(std::vector<Ref> items) {
    Ref value = Make(Value::kSequence);
    value->items = std::move(items);
    Push(value);
  }
  Ref Pop() {
    if (stack_.empty()) Refuse("the stack is empty");
    const Ref top = stack_.back();
    stack_.pop_back();
    return top;
  }
  Ref Top(Value::Kind kind) {
    if (stack_.empty() || stack_.back()->kind != kind) Refuse("a value of another kind was due");
    return stack_.back();
  }
  std::vector<Ref> PopToMark() {
    std::vector<Ref> items;
    for (Ref value = Pop(); value->kind != Value::kMark; value = Pop()) items.push_back(value);
    return {items.rbegin(), items.rend()};
  }
  std::vector<Ref> PopSome(size_t count) {
    std::vector<Ref> items(count);
    for (size_t i = count; i > 0; --i) items[i - 1] = Pop();
    return items;
  }
  void SetItems(const std::vector<Ref>& items) {
    const Ref dict = Top(Value::kDict);
    if (items.size() % 2 != 0) Refuse("a key without its value");
    for (size_t i = 0; i < items.size(); i += 2) dict->entries.emplace_back(items[i], items[i + 1]);
  }
  void PushGlobal(const std::string& name) {
    if (name.size() > kMaxName) Refuse("a name of more than 64 bytes");
    if (!IsKnownGlobal(name)) Refuse("it names '" + name + "', which no state dict needs");
    Ref value = Make(Value::kGlobal);
    value->text = name;
    Push(value);
  }
  void Remember(size_t key) { memo_[key] = stack_.empty() ? Pop() : stack_.back(); }
  void Recall(size_t key) {
    const auto it = memo_.find(key);
    if (it == memo_.end()) Refuse("it recalls what was not kept");
    Push(it->second);
  }
  void Persistent();
  void Reduce();
  int64_t LongNumber(size_t size);

  std::string_view bytes_;
  size_t at_ = 0;
  std::deque<Value> values_;
  std::vector<Ref> stack_;
  std::map<size_t, Ref> memo_;
};

int64_t Machine::LongNumber(size_t size) {
  const std::string_view bytes = Take(size);
  if (size > 8) Refuse("a number of more than 8 bytes");
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value |= uint64_t{uint8_t(bytes[i])} << (8 * i);
  if (size > 0 && size < 8 && (bytes[size - 1] & 0x80) != 0) value |= ~uint64_t{0} << (8 * size);
  return int64_t(value);
}

// ('storage', torch.FloatStorage, '0', 'cpu', elements)
void Machine::Persistent() {
  const Ref id = Pop();
  if (id->kind != Value::kSequence || id->items.size() != 5 ||
      id->items[1]->kind != Value::kGlobal || id->items[2]->kind != Value::kText) {
    Refuse("a storage of another form");
  }
  if (id->items[2]->text.size() > kMaxName) Refuse("a storage's key of more than 64 bytes");
  Ref storage = Make(Value::kTensor);
  storage->tensor.storage_type = id->items[1]->text.substr(std::strlen("torch."));
  storage->tensor.storage_key = id->items[2]->text;
  Push(storage);
}

std::vector<int64_t> Integers(Ref value) {
  std::vector<int64_t> numbers;
  if (value->kind != Value::kSequence) throw std::runtime_error("a shape that is no tuple");
  for (const Ref& item : value->items) {
    if (item->kind != Value::kInteger || item->integer < 0) {
      throw std::runtime_error("a shape with something else than sizes in it");
    }
    numbers.push_back(item->integer);
  }
  return numbers;
}

void Machine::Reduce() {
  const Ref arguments = Pop();
  const Ref function = Pop();
  if (function->kind != Value::kGlobal || arguments->kind != Value::kSequence) {
    Refuse("a call of another form");
  }
  const std::vector<Ref>& items = arguments->items;
  if (function->text == "collections.OrderedDict" && items.empty()) {
    Push(Make(Value::kDict));
  } else if (function->text == "torch._utils._rebuild_parameter" && !items.empty()) {
    Push(items[0]);
  } else if (function->text == "torch._utils._rebuild_tensor_v2" && items.size() >= 4 &&
             items[0]->kind == Value::kTensor && items[1]->kind == Value::kInteger) {
    if (std::max(items[2]->items.size(), items[3]->items.size()) > kMaxDimensions) {
      Refuse("a tensor of more than 8 dimensions");
    }
    Ref tensor = Make(Value::kTensor);
    tensor->tensor = items[0]->tensor;
    tensor->tensor.offset = items[1]->integer;
    tensor->tensor.shape = Integers(items[2]);
    tensor->tensor.stride = Integers(items[3]);
    Push(tensor);
  } else {
    Refuse("it calls " + function->text);
  }
}

// Python's pickletools has the list of opcodes.
// clang-format off
void Machine::Execute(unsigned char op) {
  switch (op) {
    case 0x80: Take(1); break;                                     // PROTO
    case 0x95: Take(8); break;                                     // FRAME
    case '(': Push(Make(Value::kMark)); break;                     // MARK
    case 'N': Push(Make(Value::kNone)); break;                     // NONE
    case 0x88: PushInteger(1); break;                              // NEWTRUE
    case 0x89: PushInteger(0); break;                              // NEWFALSE
    case 'K': PushInteger(Number<uint8_t>()); break;               // BININT1
    case 'M': PushInteger(Number<uint16_t>()); break;              // BININT2
    case 'J': PushInteger(Number<int32_t>()); break;               // BININT
    case 0x8a: PushInteger(LongNumber(Number<uint8_t>())); break;  // LONG1
    case 'G': Take(8); Push(Make(Value::kNone)); break;            // BINFLOAT
    case 'X': PushText(Take(Number<uint32_t>())); break;           // BINUNICODE
    case 0x8c: PushText(Take(Number<uint8_t>())); break;           // SHORT_BINUNICODE
    case '}': Push(Make(Value::kDict)); break;                     // EMPTY_DICT
    case ']': case ')': PushSequence({}); break;                   // EMPTY_LIST, EMPTY_TUPLE
    case 0x85: PushSequence(PopSome(1)); break;                    // TUPLE1
    case 0x86: PushSequence(PopSome(2)); break;                    // TUPLE2
    case 0x87: PushSequence(PopSome(3)); break;                    // TUPLE3
    case 't': PushSequence(PopToMark()); break;                    // TUPLE
    case 'q': Remember(Number<uint8_t>()); break;                  // BINPUT
    case 'r': Remember(Number<uint32_t>()); break;                 // LONG_BINPUT
    case 0x94: Remember(memo_.size()); break;                      // MEMOIZE
    case 'h': Recall(Number<uint8_t>()); break;                    // BINGET
    case 'j': Recall(Number<uint32_t>()); break;                   // LONG_BINGET
    case 's': SetItems(PopSome(2)); break;                         // SETITEM
    case 'u': SetItems(PopToMark()); break;                        // SETITEMS
    case 'a': { const Ref item = Pop(); Top(Value::kSequence)->items.push_back(item); break; }
    case 'e': for (const Ref& item : PopToMark()) Top(Value::kSequence)->items.push_back(item); break;
    case 'b': Pop(); break;                                        // BUILD: _metadata, not needed
    case 'Q': Persistent(); break;                                 // BINPERSID
    case 'R': Reduce(); break;                                     // REDUCE
    case 'c': { const std::string module = Line(); PushGlobal(module + "." + Line()); break; }
    case 0x93: {                                                   // STACK_GLOBAL
      const std::vector<Ref> names = PopSome(2);
      PushGlobal(names[0]->text + "." + names[1]->text);
      break;
    }
    default: Refuse(absl::StrFormat("the opcode 0x%02x, which no state dict needs", op));
  }
}
// clang-format on

}  // namespace

absl::StatusOr<std::map<std::string, PickledTensor>> ReadPickledTensors(std::string_view pickle) {
  Machine machine(pickle);
  Ref root = nullptr;
  try {
    root = machine.Run();
  } catch (const std::runtime_error& error) {
    return absl::DataLossError(absl::StrFormat("byte %d: %s", machine.at(), error.what()));
  }
  if (root->kind != Value::kDict) {
    return absl::InvalidArgumentError(
        absl::StrFormat("byte %d: it is no dict of tensors", machine.at()));
  }
  std::map<std::string, PickledTensor> tensors;
  for (const auto& [key, value] : root->entries) {
    if (key->kind != Value::kText || value->kind != Value::kTensor) continue;
    if (key->text.size() > kMaxTensorName) {
      return absl::DataLossError(absl::StrFormat("byte %d: a tensor's name of more than %d bytes",
                                                 machine.at(), kMaxTensorName));
    }
    tensors[key->text] = value->tensor;
  }
  return tensors;
}

}  // namespace xp::trainer
