#include "worker/trainer/model/packing.h"

#include <torch/csrc/autograd/custom_function.h>

namespace xp::trainer {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

at::Tensor Gather(const at::Tensor& all, const at::Tensor& rows) {
  return all.index_select(0, rows);
}

at::Tensor Scatter(const at::Tensor& packed, const at::Tensor& rows, int64_t places) {
  std::vector<int64_t> sizes = packed.sizes().vec();
  sizes[0] = places;
  at::Tensor all = at::zeros(sizes, packed.options());
  return all.index_copy_(0, rows, packed);
}

// index_select's own gradient adds rows up one by one, as they could be the same.
class PackFunction : public Function<PackFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& all,
                            const at::Tensor& rows) {
    context->save_for_backward({rows});
    context->saved_data["places"] = all.size(0);
    return Gather(all, rows);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor rows = context->get_saved_variables()[0];
    return {Scatter(gradients[0], rows, context->saved_data["places"].toInt()), at::Tensor()};
  }
};

class UnpackFunction : public Function<UnpackFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& packed,
                            const at::Tensor& rows, int64_t places) {
    context->save_for_backward({rows});
    return Scatter(packed, rows, places);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {Gather(gradients[0], context->get_saved_variables()[0]), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor Pack(const at::Tensor& all, const at::Tensor& rows) {
  return PackFunction::apply(all, rows);
}

at::Tensor Unpack(const at::Tensor& packed, const at::Tensor& rows, int64_t places) {
  return UnpackFunction::apply(packed, rows, places);
}

}  // namespace xp::trainer
