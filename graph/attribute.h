// Attributes of nodes: compile-time parameters given in the model.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/type.h"
#include "runtime/base/tensor.h"

namespace mica {

/// The value of an attribute. Subgraphs are kept by the node itself; sparse tensors are made dense by the import.
using Attribute = std::variant<int64_t, float, std::string, Tensor, ValueType, std::vector<int64_t>, std::vector<float>,
                               std::vector<std::string>, std::vector<Tensor>, std::vector<ValueType>>;

/// "int", "float", "string", "tensor", "type", "ints" ...
std::string_view kind_name(const Attribute& attribute);

/// By name, in the order of names so that nothing depends on hashing.
using Attributes = std::map<std::string, Attribute, std::less<>>;

}  // namespace mica
