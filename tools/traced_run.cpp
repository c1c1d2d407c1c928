#include "tools/traced_run.h"

#include "graph/graph.h"

namespace mica::tools {
namespace {

Model load_traced(const std::string& path, const CommonOptions& options, const std::vector<std::string>& traced) {
  LoadOptions load = load_options(options);
  load.extra_outputs = traced;
  return Model::load(path, load);
}

}  // namespace

Datum deep_copy(const Datum& value) {
  if (value.is_tensor()) return Datum(value.tensor.clone());
  Datum result = value;
  for (Datum& item : result.items) item = deep_copy(item);
  return result;
}

TracedModel::TracedModel(const std::string& path, const CommonOptions& options, const std::vector<std::string>& traced)
    : model_(load_model(path, options)), session_(compile_model(model_, options)), traced_(traced) {
  if (!traced_.empty()) traced_session_.push_back(compile_model(load_traced(path, options, traced_), options));
}

std::map<std::string, Datum> TracedModel::run(const ModelInputs& inputs) {
  std::map<std::string, Datum> values;
  const std::vector<NamedInput> named = inputs.named();
  const Outputs& outputs = session_.run(named);
  for (size_t i = 0; i < outputs.size(); ++i) values.emplace(outputs.name(i), deep_copy(outputs.datum(i)));
  if (traced_session_.empty()) return values;
  const Outputs& traced = traced_session_.front().run(named);
  for (size_t i = 0; i < traced.size(); ++i) values.emplace(traced.name(i), deep_copy(traced.datum(i)));
  return values;
}

std::vector<std::string> intermediate_values(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.order()) {
    for (const ValueId output : graph.node(id).outputs) {
      if (output == ValueId::None || graph.is_output(output) || graph.is_unused(output)) continue;
      names.push_back(graph.value(output).name);
    }
  }
  return names;
}

}  // namespace mica::tools
