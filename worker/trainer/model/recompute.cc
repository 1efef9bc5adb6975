#include "worker/trainer/model/recompute.h"

#include <ATen/core/grad_mode.h>
#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <memory>
#include <type_traits>
#include <utility>

#include "worker/trainer/torch_runtime.h"

namespace xp::trainer {
namespace {

// Within its life the random numbers are those of `state`; then they go on as before.
class RandomNumbersOf {
 public:
  RandomNumbersOf(at::Device device, const at::Tensor& state)
      : device_(device), before_(RandomState(device)) {
    (void)SetRandomState(device_, state);  // a state that RandomState has made
  }
  ~RandomNumbersOf() { (void)SetRandomState(device_, before_); }
  RandomNumbersOf(const RandomNumbersOf&) = delete;
  RandomNumbersOf& operator=(const RandomNumbersOf&) = delete;

 private:
  const at::Device device_;
  const at::Tensor before_;
};

struct RecomputeNode : torch::autograd::Node {
  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    const at::Tensor x = input.detach().set_requires_grad(true);
    at::Tensor out;
    {
      const at::AutoGradMode with_gradients(true);
      const RandomNumbersOf random(x.device(), random_state);
      const Autocast autocast(x.device(), precision);
      out = block(x);
    }
    torch::autograd::backward({out}, {gradients[0]});
    return {x.grad()};
  }

  void release_variables() override { input = at::Tensor(); }

  Block block;
  at::Tensor input, random_state;
  Precision precision = Precision::kFloat32;
};

// The graph's nodes are shared_ptrs in LibTorch 1.13 and count themselves in 2.14.
using NodePointer = decltype(torch::autograd::Edge::function);

template <typename Pointer, typename T>
auto MakeNode() {
  if constexpr (std::is_same_v<Pointer, std::shared_ptr<torch::autograd::Node>>) {
    return std::make_shared<T>();
  } else {
    return c10::make_intrusive<T>();
  }
}

}  // namespace

at::Tensor Recomputed(const at::Tensor& x, Block block) {
  auto node = MakeNode<NodePointer, RecomputeNode>();
  node->set_next_edges(torch::autograd::collect_next_edges(x));
  node->block = std::move(block);
  node->input = x.detach();
  node->random_state = RandomState(x.device());
  node->precision = CurrentAutocast(x.device());
  at::Tensor out;
  {
    const at::NoGradGuard without_gradients;
    out = node->block(x);
  }
  torch::autograd::create_gradient_edge(out, node);
  return out;
}

}  // namespace xp::trainer
