#include <algorithm>
#include <utility>

#include "graph/inference.h"
#include "graph/onnx/import.h"
#include "kernels/op.h"
#include "runtime/base/os.h"
#include "runtime/mica.h"
#include "runtime/plan.h"
#include "runtime/session_state.h"

namespace mica {

struct Model::State {
  explicit State(GraphModel imported, const LoadOptions& options);

  GraphModel model;
};

namespace {

ValueInfo describe(const Value& value) {
  ValueInfo info;
  info.name = value.name;
  info.dtype = value.type.dtype;
  info.has_rank = value.type.dims.has_value();
  info.type = value.type.str();
  if (value.type.dims) {
    for (const Dim& dim : *value.type.dims) info.dims.push_back(dim.str());
  }
  return info;
}

std::vector<ValueInfo> describe(const Graph& graph, const std::vector<ValueId>& ids) {
  std::vector<ValueInfo> infos;
  for (const ValueId id : ids) infos.push_back(describe(graph.value(id)));
  return infos;
}

// Replaces symbols in the dims of the inputs by the numbers asked for.
void fix_dims(Graph& graph, const SymbolValues& values) {
  for (const ValueId id : graph.inputs) {
    auto& dims = graph.value(id).type.dims;
    if (!dims) continue;
    for (Dim& dim : *dims) dim = substitute(dim, values);
  }
}

}  // namespace

Model::State::State(GraphModel imported, const LoadOptions& options) : model(std::move(imported)) {
  fix_dims(*model.graph, options.dims);
  infer_types(*model.graph);
}

Model Model::load(const std::string& path, const LoadOptions& options) {
  try {
    return Model(std::make_shared<State>(onnx::import_model(path, operators()), options));
  } catch (const Error& error) {
    throw error.within("model \"" + path + "\"");
  }
}

Model Model::from_bytes(std::span<const std::byte> bytes, const LoadOptions& options) {
  const auto copy = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  return Model(std::make_shared<State>(onnx::import_model(*copy, copy, operators()), options));
}

std::vector<ValueInfo> Model::inputs() const {
  return describe(*state_->model.graph, state_->model.graph->inputs);
}

std::vector<ValueInfo> Model::outputs() const {
  return describe(*state_->model.graph, state_->model.graph->outputs);
}

const std::vector<std::string>& Model::notes() const {
  return state_->model.notes;
}

const GraphModel& Model::graph() const {
  return state_->model;
}

Session Model::compile(const CompileOptions& options) const {
  if (options.device != "cpu") {
    throw Error(ErrorCode::Unsupported, "no device \"" + options.device + "\" in this build; there is \"cpu\"");
  }
  const int cores = usable_cores();
  const int threads = options.threads <= 0 ? cores : std::min(options.threads, cores);
  const std::shared_ptr<const Graph> graph(state_, state_->model.graph.get());
  return Session(std::make_unique<Session::State>(Plan::make(graph), threads));
}

}  // namespace mica
