// mica inspect: what is in a model.
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "graph/onnx/import.h"
#include "kernels/op.h"
#include "tools/command.h"
#include "tools/graph_count.h"
#include "tools/graph_walk.h"
#include "tools/print.h"

namespace mica::tools {
namespace {

struct Options {
  CommonOptions common;
  std::string model;
};

struct Contents {
  GraphModel imported;           ///< of a model whose types contradict each other
  std::optional<Model> checked;  ///< of any other
  const GraphModel& model() const { return checked ? checked->graph() : imported; }
};

// As it is in the file: nothing is optimised. A model that inference refuses can still be looked at.
Contents read(const Options& options) {
  LoadOptions load = load_options(options.common);
  load.optimize = false;
  try {
    return {{}, Model::load(options.model, load)};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::InvalidModel) throw;
    Contents contents{onnx::import_model(options.model, operators()), std::nullopt};
    note(options.common, fmt::format("{}", error.what()));
    return contents;
  }
}

std::vector<std::string> input_symbols(const Graph& graph) {
  std::vector<std::string> symbols;
  for (const ValueId id : graph.inputs) {
    if (!graph.value(id).type.dims) continue;
    for (const Dim& dim : *graph.value(id).type.dims) {
      if (!dim.is_constant() && std::ranges::find(symbols, dim.str()) == symbols.end()) symbols.push_back(dim.str());
    }
  }
  return symbols;
}

std::string shortened(const std::string& text) {
  constexpr size_t kLength = 80;
  return text.size() <= kLength ? text : text.substr(0, kLength) + "...";
}

void print_text(const Options& options, const GraphModel& model) {
  const Graph& graph = *model.graph;
  const Weights weights = count_weights(graph);
  Table head({{""}, {""}});
  head.add({"model", options.model});
  if (!graph.name.empty()) head.add({"graph", graph.name});
  if (!model.producer.empty()) head.add({"producer", model.producer});
  std::string opsets;
  for (const auto& [domain, version] : model.opsets) {
    opsets += fmt::format("{}{} {}", opsets.empty() ? "" : ", ", domain_name(domain), version);
  }
  head.add({"opset", opsets});
  head.add({"IR version", std::to_string(model.ir_version)});
  head.add({"file", format_bytes(file_size(options.model))});
  head.add({"parameters", fmt::format("{} in {}", format_count(static_cast<double>(weights.parameters)),
                                      format_bytes(weights.bytes))});
  for (const auto& [key, value] : model.metadata) head.add({"metadata", key + ": " + shortened(value)});
  for (const ValueId id : graph.inputs) head.add({"input", graph.value(id).name + " " + graph.value(id).type.str()});
  for (const ValueId id : graph.outputs) head.add({"output", graph.value(id).name + " " + graph.value(id).type.str()});
  std::string dims;
  for (const std::string& symbol : input_symbols(graph)) dims += (dims.empty() ? "" : ", ") + symbol;
  if (!dims.empty()) head.add({"dims", dims});
  head.print();

  Table histogram({{"\noperator"}, {"count", Table::Align::Right}});
  size_t total = 0;
  for (const auto& [name, count] : count_operators(graph)) {
    histogram.add({name, std::to_string(count)});
    total += count;
  }
  histogram.add({"all", std::to_string(total)});
  histogram.print();
}

Json describe(const Graph& graph, const std::vector<ValueId>& ids) {
  Json list = Json::array();
  for (const ValueId id : ids) {
    const Value& value = graph.value(id);
    Json entry = {{"name", value.name}, {"type", value.type.str()}, {"dtype", name(value.type.dtype)}};
    if (value.type.dims) {
      Json dims = Json::array();
      for (const Dim& dim : *value.type.dims) dims.push_back(dim.is_constant() ? Json(dim.value()) : Json(dim.str()));
      entry["dims"] = dims;
    }
    list.push_back(entry);
  }
  return list;
}

Json to_json(const Options& options, const GraphModel& model) {
  const Graph& graph = *model.graph;
  const Weights weights = count_weights(graph);
  Json opsets = Json::object(), histogram = Json::object();
  for (const auto& [domain, version] : model.opsets) opsets[domain_name(domain)] = version;
  size_t nodes = 0;
  for (const auto& [name, count] : count_operators(graph)) {
    histogram[name] = count;
    nodes += count;
  }
  return {{"model", options.model},
          {"graph", graph.name},
          {"producer", model.producer},
          {"ir_version", model.ir_version},
          {"opsets", opsets},
          {"inputs", describe(graph, graph.inputs)},
          {"outputs", describe(graph, graph.outputs)},
          {"dims", input_symbols(graph)},
          {"nodes", nodes},
          {"operators", histogram},
          {"parameters", weights.parameters},
          {"parameters_by_dtype", weights.by_type},
          {"parameter_bytes", weights.bytes},
          {"file_bytes", file_size(options.model)},
          {"metadata", model.metadata},
          {"notes", model.notes}};
}

int run(const Options& options) {
  const Contents contents = read(options);
  const GraphModel& model = contents.model();
  for (const std::string& text : model.notes) note(options.common, text);
  if (options.common.json) {
    print_json(to_json(options, model));
  } else {
    print_text(options, model);
  }
  return kOk;
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("inspect", "Inputs, outputs, operators and size of a model");
  add_model_argument(*command, options->model);
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
