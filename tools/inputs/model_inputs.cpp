#include "tools/inputs/model_inputs.h"

#include <fmt/core.h>

#include <algorithm>

#include "graph/graph.h"
#include "graph/lookup.h"
#include "tools/inputs/input_shapes.h"
#include "tools/inputs/random_values.h"
#include "tools/inputs/valid_values.h"
#include "tools/io/value_files.h"

namespace mica::tools {
namespace {

Datum make_value(const ValueType& type, const ValidValues& valid, const std::string& name, uint64_t seed) {
  switch (type.kind) {
    case ValueType::Kind::Tensor: {
      const auto shape = type.dims ? to_shape(*type.dims) : std::nullopt;
      if (!shape) {
        throw Error(ErrorCode::InvalidArgument,
                    fmt::format("the shape of input \"{0}\", {1}, is not known: give it with "
                                "--shape \"{0}:2x3\"",
                                name, type.str()));
      }
      return random_tensor(type.dtype, *shape, valid, name, seed);
    }
    case ValueType::Kind::Sequence: {
      std::vector<Datum> items;
      ValueType element = *type.element;
      if (element.is_tensor() && !element.dims) element.dims = Dims{3};
      for (const char* suffix : {".0", ".1"}) items.push_back(make_value(element, valid, name + suffix, seed));
      return Datum::sequence(std::move(items));
    }
    case ValueType::Kind::Optional:
      return make_value(*type.element, valid, name, seed);
    default:
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("input \"{0}\" is {1}: give it with --input \"{0}=FILE.pb\"", name, type.str()));
  }
}

}  // namespace

std::vector<NamedInput> ModelInputs::named() const {
  std::vector<NamedInput> result;
  for (size_t i = 0; i < names.size(); ++i) result.push_back({names[i], values[i]});
  return result;
}

void add_input_option(CLI::App& command, std::vector<std::string>& files) {
  command.add_option("--input", files, "NAME=FILE: a .npy array or a serialised TensorProto")->allow_extra_args(false);
}

GivenInputs read_inputs(const Model& model, const std::vector<std::string>& files) {
  const Graph& graph = *model.graph().graph;
  GivenInputs given;
  for (const std::string& text : files) {
    const size_t sign = text.find('=');
    if (sign == std::string::npos || sign == 0) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("--input wants NAME=FILE, not \"{}\"", text));
    }
    const std::string name = text.substr(0, sign);
    const ValueId id = input_named(graph, name);
    if (!given.emplace(name, read_value(text.substr(sign + 1), graph.value(id).type)).second) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("--input gives \"{}\" twice", name));
    }
  }
  return given;
}

ModelInputs make_inputs(const Model& model, const CommonOptions& options, const GivenInputs& given) {
  const Graph& graph = *model.graph().graph;
  Shapes shapes = parse_shapes(options.shapes);
  for (const auto& [name, shape] : shapes) input_named(graph, name);
  for (const auto& [name, value] : given) {
    input_named(graph, name);
    if (!value.is_tensor()) continue;
    const auto [entry, is_new] = shapes.emplace(name, value.tensor.shape());
    if (!is_new && entry->second != value.tensor.shape()) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("input \"{}\" is {}, not {} as --shape says", name,
                                                          value.tensor.shape().str(), entry->second.str()));
    }
  }
  const auto concrete = with_input_shapes(graph, shapes, options);
  ModelInputs inputs;
  for (const ValueId id : concrete->inputs) {
    const Value& value = concrete->value(id);
    inputs.names.push_back(value.name);
    if (const auto known = given.find(value.name); known != given.end()) {
      inputs.values.push_back(known->second);
      continue;
    }
    inputs.values.push_back(make_value(value.type, valid_values(*concrete, id), value.name, options.seed));
  }
  return inputs;
}

}  // namespace mica::tools
