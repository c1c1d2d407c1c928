#include "runtime/evaluator.h"

#include <memory>
#include <utility>

#include "backends/cpu/thread_pool.h"
#include "runtime/base/unaligned.h"
#include "runtime/interpreter.h"

namespace mica {
namespace {

struct Resources {
  Workspace workspace;
  ThreadPool threads{1};
};

}  // namespace

Evaluator make_evaluator() {
  auto resources = std::make_shared<Resources>();
  return [resources](const Node& node, std::span<const Tensor> inputs) -> std::optional<std::vector<Tensor>> {
    std::vector<Datum> data;
    for (const Tensor& input : inputs) data.emplace_back(aligned(input));
    std::vector<const Datum*> operands;
    for (const Datum& datum : data) operands.push_back(datum.tensor.defined() ? &datum : nullptr);
    std::vector<Datum> results = evaluate(node, operands, {&resources->workspace, &resources->threads, nullptr});
    std::vector<Tensor> tensors;
    for (Datum& result : results) {
      if (!result.is_tensor()) return std::nullopt;
      tensors.push_back(std::move(result.tensor));
    }
    return tensors;
  };
}

}  // namespace mica
