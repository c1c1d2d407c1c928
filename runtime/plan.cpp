#include "runtime/plan.h"

#include <algorithm>
#include <utility>

#include "backends/backend.h"
#include "graph/element_program.h"
#include "graph/inference.h"
#include "kernels/op.h"
#include "runtime/base/error.h"
#include "runtime/device_constants.h"
#include "runtime/kernel_choice.h"
#include "runtime/packed_weights.h"
#include "runtime/placement.h"
#include "runtime/plan_constants.h"

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;

// Names of the symbols that the dims of the graph's inputs and captures consist of.
std::vector<std::string> input_symbol_names(const Graph& graph) {
  std::vector<std::string> names;
  const auto collect = [&](ValueId id) {
    if (id == ValueId::None || !graph.value(id).type.dims) return;
    for (const Dim& dim : *graph.value(id).type.dims) {
      for (const std::string& symbol : dim.symbols()) {
        if (std::ranges::find(names, symbol) == names.end()) names.push_back(symbol);
      }
    }
  };
  std::ranges::for_each(graph.inputs, collect);
  std::ranges::for_each(graph.captures, collect);
  return names;
}

// In a body, dims of what comes in are expressions of the graph around. Seen from inside each distinct one is a symbol.
void name_input_dims(Graph& body) {
  std::vector<std::pair<Dim, std::string>> names;
  const auto rename = [&](ValueId id) {
    if (id == ValueId::None) return;
    Value& value = body.value(id);
    if (value.contents) value.contents.reset();
    if (!value.type.dims) return;
    for (Dim& dim : *value.type.dims) {
      if (dim.is_constant()) continue;
      auto known = std::ranges::find(names, dim, &std::pair<Dim, std::string>::first);
      if (known == names.end()) {
        names.emplace_back(dim, "d" + std::to_string(names.size()));
        known = names.end() - 1;
      }
      dim = Dim::symbol(known->second);
    }
  };
  std::ranges::for_each(body.inputs, rename);
  std::ranges::for_each(body.captures, rename);
}

bool is_fixed_integer(DType dtype) {
  return dtype == DType::I64 || dtype == DType::I32 || dtype == DType::Bool;
}

}  // namespace

class PlanBuilder {
 public:
  PlanBuilder(std::shared_ptr<const Graph> graph, const PlanOptions& options, PackedWeights& packed)
      : graph_(*graph),
        plan_(new Plan(input_symbol_names(*graph))),
        packed_(packed),
        slot_of_(graph->value_count(), kNone) {
    plan_->graph_ = std::move(graph);
    plan_->device_ = options.device;
    plan_->precision_ = options.precision;
    plan_->provider_ = options.provider;
  }

  /// What is packed is there only when `packed` has finished.
  std::shared_ptr<Plan> build() {
    for (const ValueId id : graph_.inputs) add_input(id);
    for (const ValueId id : graph_.captures) add_input(id);
    for (const NodeId id : graph_.order()) {
      const Node& node = graph_.node(id);
      if (is_needed(node)) add_step(id, node);
    }
    for (const ValueId id : graph_.outputs) plan_->outputs_.push_back({slot(id), false});
    if (plan_->device_ != nullptr) place_steps(plan_->slots_, plan_->steps_, plan_->outputs_);
    if (plan_->device_ != nullptr) upload_constants(*plan_->device_, plan_->slots_);
    assign_memory(plan_->slots_, plan_->steps_, plan_->outputs_);
    find_dependencies();
    pack_constants(graph_, plan_->slots_, plan_->steps_, plan_->outputs_, packed_);  // last: it tells where slots are
    return plan_;
  }

 private:
  void add_input(ValueId id) {
    if (id == ValueId::None) {
      plan_->inputs_.push_back(kNone);
      plan_->input_types_.emplace_back();
      plan_->input_symbols_.emplace_back();
      return;
    }
    const Value& value = graph_.value(id);
    Slot slot = named(value);
    slot.source = Slot::Source::Input;
    slot.dynamic = !set_dims(slot, value.type) || value.type.dtype == DType::String;
    std::vector<uint32_t> symbols;
    if (value.type.dims) {
      for (const Dim& dim : *value.type.dims) {
        const auto& names = plan_->dims_.symbols();
        const auto symbol = dim.is_constant() ? names.end() : std::ranges::find(names, dim.str());
        symbols.push_back(symbol == names.end() ? kNone : static_cast<uint32_t>(symbol - names.begin()));
      }
    }
    slot_of_[static_cast<size_t>(id)] = add(std::move(slot));
    plan_->inputs_.push_back(slot_of_[static_cast<size_t>(id)]);
    plan_->input_types_.push_back(value.type);
    plan_->input_symbols_.push_back(std::move(symbols));
  }

  // A node whose every result follows from the input dims has nothing to do in a run.
  bool is_needed(const Node& node) {
    if (node.op != nullptr && node.op->def().impure) return true;
    return std::ranges::any_of(node.outputs,
                               [&](ValueId id) { return id != ValueId::None && !is_known(graph_.value(id)); });
  }

  bool is_known(const Value& value) {
    if (value.constant.defined()) return true;
    if (!value.contents || !value.type.dims || !is_fixed_integer(value.type.dtype)) return false;
    const auto evaluates = [&](const Dim& dim) { return plan_->dims_.add(dim).has_value(); };
    return std::ranges::all_of(*value.contents, evaluates) && std::ranges::all_of(*value.type.dims, evaluates);
  }

  void add_step(NodeId id, const Node& node) {
    if (node.op == nullptr) {
      throw Error(ErrorCode::Unsupported, "is not an operator of this build").within(node.str());
    }
    Step step;
    step.node = id;
    step.def = &node.op->def();
    step.params = node.params.get();
    step.formal_inputs = node.formal_inputs;
    step.dynamic = node.op->def().data_dependent;
    for (const ValueId input : node.inputs) {
      step.inputs.push_back(input == ValueId::None ? kNone : slot(input));
      if (step.inputs.back() != kNone) step.dynamic |= plan_->slots_[step.inputs.back()].dynamic;
    }
    std::vector<Slot> outputs;
    for (const ValueId output : node.outputs) {
      if (output == ValueId::None) continue;
      const Value& value = graph_.value(output);
      outputs.push_back(named(value));
      step.dynamic |= !set_dims(outputs.back(), value.type) || value.type.dtype == DType::String;
    }
    auto next = outputs.begin();
    for (const ValueId output : node.outputs) {
      if (output == ValueId::None) {
        step.outputs.push_back(kNone);
        continue;
      }
      next->dynamic = step.dynamic;
      const bool wanted = !graph_.is_unused(output);
      slot_of_[static_cast<size_t>(output)] = add(std::move(*next++));
      step.outputs.push_back(wanted || is_mandatory(node, step.outputs.size()) ? slot_of_[static_cast<size_t>(output)]
                                                                               : kNone);
    }
    find_kernel(node, step);
    plan_bodies(node, step);
    plan_->steps_.push_back(std::move(step));
  }

  // Kernels may skip only outputs that the standard calls optional.
  static bool is_mandatory(const Node& node, size_t output) {
    const auto& formals = node.op->def().outputs;
    return formals.empty() || !formals[std::min(output, formals.size() - 1)].optional;
  }

  void find_kernel(const Node& node, Step& step) {
    const KernelChoice choice = choose_kernel(graph_, node, "cpu", plan_->precision_, plan_->provider_);
    if (choice.kernel == nullptr) {
      std::string reasons;
      for (const std::string& refusal : choice.refusals) reasons += "; " + refusal;
      throw Error(ErrorCode::Unsupported, "has no kernel for the CPU" + reasons).within(node.str());
    }
    step.kernel = choice.kernel;
    if (plan_->device_ == nullptr || step.dynamic) return;
    step.device_kernel = choose_device_kernel(graph_, node, *plan_->device_, plan_->precision_).kernel;
  }

  void plan_bodies(const Node& node, Step& step) {
    for (const std::string_view name : node.op->def().subgraphs) {
      const auto sub = std::ranges::find(node.subgraphs, name, &Subgraph::name);
      step.bodies.push_back(nullptr);
      step.body_errors.push_back("subgraph \"" + std::string(name) + "\" is missing");
      if (sub == node.subgraphs.end()) continue;
      std::shared_ptr<Graph> body = sub->graph->clone();
      name_input_dims(*body);
      try {
        infer_types(*body);
        step.bodies.back() =
            PlanBuilder(std::move(body), {nullptr, plan_->precision_, plan_->provider_}, packed_).build();
      } catch (const Error& error) {
        // Exporters write branches for cases that the inputs at hand rule out: an error only when such a one is run.
        if (error.code() != ErrorCode::InvalidModel) throw error.within(node.str());
        step.body_errors.back() = error.what();
      }
    }
  }

  uint32_t slot(ValueId id) {
    uint32_t& known = slot_of_[static_cast<size_t>(id)];
    if (known != kNone) return known;
    const Value& value = graph_.value(id);
    Slot slot = named(value);
    if (value.constant.defined()) {
      slot.source = Slot::Source::Constant;
      slot.constant = value.constant;
      slot.dtype = value.constant.dtype();
      set_dims(slot, ValueType::tensor(slot.dtype, to_dims(value.constant.shape())));
    } else if (is_known(value)) {
      slot.source = Slot::Source::Contents;
      set_dims(slot, value.type);
      for (const Dim& dim : *value.contents) slot.contents.push_back(*plan_->dims_.add(dim));
    } else {
      throw Error(ErrorCode::InvalidModel, "value \"" + value.name + "\" is never computed");
    }
    return known = add(std::move(slot));
  }

  void find_dependencies() {
    for (uint32_t id = 0; id < plan_->slots_.size(); ++id) {
      Slot& slot = plan_->slots_[id];
      if (slot.dynamic || slot.source == Slot::Source::Constant) continue;
      plan_->bound_slots_.push_back(id);
      for (const uint32_t reg : slot.dims) slot.depends |= plan_->dims_.depends(reg);
      for (const uint32_t reg : slot.contents) slot.depends |= plan_->dims_.depends(reg);
    }
  }

  static Slot named(const Value& value) {
    Slot slot;
    slot.name = value.name;
    slot.dtype = value.type.dtype;
    return slot;
  }

  uint32_t add(Slot slot) {
    plan_->slots_.push_back(std::move(slot));
    return static_cast<uint32_t>(plan_->slots_.size() - 1);
  }

  // False when the type is not a tensor whose dims follow from the input dims.
  bool set_dims(Slot& slot, const ValueType& type) {
    if (!type.is_tensor() || !type.dims || type.dtype == DType::Undefined) return false;
    for (const Dim& dim : *type.dims) {
      const auto reg = plan_->dims_.add(dim);
      if (!reg) return false;
      slot.dims.push_back(*reg);
    }
    return true;
  }

  const Graph& graph_;
  std::shared_ptr<Plan> plan_;
  PackedWeights& packed_;
  std::vector<uint32_t> slot_of_;
};

Plan::Plan(std::vector<std::string> symbols) : dims_(std::move(symbols)) {}

Plan::~Plan() = default;

void Plan::before_run(ThreadPool& threads) const {
  if (late_ != nullptr) late_->before_run(threads);
}

void Plan::pack_now(ThreadPool& threads) const {
  if (late_ != nullptr) late_->pack_now(threads);
}

std::string_view Step::kernel_name() const {
  switch (kind) {
    case Kind::Host:
      return kernel->name;
    case Kind::Device:
      return device_kernel->name;
    case Kind::Upload:
      return "upload";
    case Kind::Download:
      return "download";
  }
  return "";
}

std::shared_ptr<const Plan> Plan::make(std::shared_ptr<const Graph> graph, const PlanOptions& options,
                                       const PackOptions& packing) {
  if (options.device != nullptr) {
    std::shared_ptr<Graph> expanded = graph->clone();
    expand_chains(*expanded, operators(), [&](const Node& chain) {
      return choose_device_kernel(*expanded, chain, *options.device).kernel != nullptr;
    });
    graph = std::move(expanded);
  }
  PackedWeights packed;
  const std::shared_ptr<Plan> plan = PlanBuilder(std::move(graph), options, packed).build();
  plan->late_ = packed.finish(packing, plan->notes_);
  return plan;
}

}  // namespace mica
