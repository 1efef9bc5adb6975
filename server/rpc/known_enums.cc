#include "server/rpc/known_enums.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/descriptor.h>

#include <string>
#include <utility>
#include <vector>

#include "proto/status.h"

namespace xp::rpc {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status CheckValue(const EnumDescriptor& type, int number, const std::string& path) {
  if (type.FindValueByNumber(number) != nullptr) return absl::OkStatus();
  std::string names;
  for (int i = 0; i < type.value_count(); ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ", ", type.value(i)->name());
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", number, " is no ", type.name(), "; accepted are ", names));
}

absl::Status Check(const Message& message, const std::string& prefix);

absl::Status CheckField(const Message& message, const FieldDescriptor& field,
                        const std::string& path) {
  const Reflection& reflection = *message.GetReflection();
  const bool is_enum = field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
  if (!field.is_repeated()) {
    if (!is_enum) return Check(reflection.GetMessage(message, &field), path + ".");
    return CheckValue(*field.enum_type(), reflection.GetEnumValue(message, &field), path);
  }
  const int size = reflection.FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    const std::string element = absl::StrCat(path, "[", i, "]");
    XP_RETURN_IF_ERROR(
        is_enum ? CheckValue(*field.enum_type(),
                             reflection.GetRepeatedEnumValue(message, &field, i), element)
                : Check(reflection.GetRepeatedMessage(message, &field, i), element + "."));
  }
  return absl::OkStatus();
}

absl::Status Check(const Message& message, const std::string& prefix) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool looked_into = field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM ||
                             field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!looked_into || field->is_map()) continue;  // no map of the API holds an enum
    XP_RETURN_IF_ERROR(CheckField(message, *field, prefix + field->name()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckEnums(const Message& message) { return Check(message, ""); }

void RefuseUnknownEnums(MethodTable* table) {
  for (auto& [path, method] : table->unary()) {
    method.call = [inner = std::move(method.call)](CallContext& context, const Message& request,
                                                   Message* response) -> absl::Status {
      XP_RETURN_IF_ERROR(CheckEnums(request));
      return inner(context, request, response);
    };
  }
  for (auto& [path, method] : table->streams()) {
    method.call = [inner = std::move(method.call)](CallContext& context, const Message& request,
                                                   const SendMessage& send) -> absl::Status {
      XP_RETURN_IF_ERROR(CheckEnums(request));
      return inner(context, request, send);
    };
  }
}

}  // namespace xp::rpc
