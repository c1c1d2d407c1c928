#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>

#include "backends/backend.h"
#include "graph/edit.h"
#include "graph/inference.h"
#include "graph/lookup.h"
#include "graph/onnx/import.h"
#include "graph/pipeline.h"
#include "kernels/op.h"
#include "kernels/provider.h"
#include "kernels/simd/isa.h"
#include "runtime/base/os.h"
#include "runtime/evaluator.h"
#include "runtime/mica.h"
#include "runtime/packed_weights.h"
#include "runtime/plan.h"
#include "runtime/session_state.h"

namespace mica {

struct Model::State {
  State(const std::function<GraphModel()>& import, const LoadOptions& options);

  GraphModel model;

  /// Plans for the CPU that sessions have, by all that they follow from.
  using PlanKey = std::tuple<Precision, size_t, std::string>;  ///< the instruction set, the provider
  mutable std::mutex mutex;
  mutable std::map<PlanKey, std::weak_ptr<const Plan>> plans;
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

// One line of all that was done, and one for each pass or rule that broke.
void add_remarks(std::vector<std::string>& remarks, const Notes& notes, size_t before, size_t after) {
  std::string text;
  for (const auto& [name, total] : notes.totals()) {
    if (total.applied == 0) continue;
    text += (text.empty() ? ": " : ", ") + name + " " + std::to_string(total.applied);
  }
  remarks.push_back("optimised from " + std::to_string(before) + " to " + std::to_string(after) + " nodes" + text);
  for (const Notes::Note& note : notes.all()) {
    if (note.kind == Notes::Kind::Failed) remarks.push_back(note.by + " failed and was left out: " + note.what);
  }
}

GraphModel optimized(const std::function<GraphModel()>& make, const LoadOptions& options) {
  PipelineOptions pipeline;
  pipeline.target = Target::Mica;
  pipeline.without.insert(options.without.begin(), options.without.end());
  pipeline.dims = options.dims;
  pipeline.is_inferred = true;
  Notes notes;
  size_t before = 0;
  const auto counted = [&] {
    GraphModel model = make();
    before = living_nodes(*model.graph);
    return model;
  };
  GraphModel model = optimize(counted, operators(), make_evaluator(), pipeline, notes);
  add_remarks(model.notes, notes, before, living_nodes(*model.graph));
  return model;
}

// Makes intermediate values outputs, so that all that follows keeps them.
void add_outputs(Graph& graph, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const ValueId id = value_named(graph, name);
    if (!graph.is_output(id)) graph.outputs.push_back(id);
  }
}

}  // namespace

Model::State::State(const std::function<GraphModel()>& import, const LoadOptions& options) {
  const auto make = [&] {
    GraphModel imported = import();
    add_outputs(*imported.graph, options.extra_outputs);
    check_dim_names(*imported.graph, options.dims);
    fix_input_dims(*imported.graph, options.dims);
    infer_types(*imported.graph);
    return imported;
  };
  model = options.optimize ? optimized(make, options) : make();
}

Model Model::load(const std::string& path, const LoadOptions& options) {
  try {
    const auto import = [&] { return onnx::import_model(path, operators()); };
    return Model(std::make_shared<State>(import, options));
  } catch (const Error& error) {
    throw error.within("model \"" + path + "\"");
  }
}

Model Model::from_bytes(std::span<const std::byte> bytes, const LoadOptions& options) {
  const auto copy = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  const auto import = [&] { return onnx::import_model(*copy, copy, operators()); };
  return Model(std::make_shared<State>(import, options));
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
  if (!options.provider.empty()) check_provider(options.provider);
  std::shared_ptr<Device> device = options.device == "cpu" ? nullptr : open_device(options.device);
  const int cores = usable_cores();
  const int threads = options.threads <= 0 ? cores : std::min(options.threads, cores);
  const std::shared_ptr<const Graph> graph(state_, state_->model.graph.get());
  const auto make = [&] {
    return Plan::make(graph, {device, options.precision, options.provider},
                      {threads, options.packed_cache, state_->model.origin});
  };
  const auto session_over = [&](std::shared_ptr<const Plan> plan) {
    auto state = std::make_unique<Session::State>(std::move(plan), threads);
    if (options.pack_at_once) state->plan->pack_now(state->pool);
    return Session(std::move(state));
  };
  if (device != nullptr) return session_over(make());
  const std::lock_guard lock(state_->mutex);
  std::weak_ptr<const Plan>& shared = state_->plans[{options.precision, isa_in_use(), options.provider}];
  std::shared_ptr<const Plan> plan = shared.lock();
  if (plan == nullptr) shared = plan = make();
  return session_over(std::move(plan));
}

}  // namespace mica
