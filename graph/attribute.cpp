#include "graph/attribute.h"

#include <array>

namespace mica {

std::string_view kind_name(const Attribute& attribute) {
  static constexpr std::array<std::string_view, std::variant_size_v<Attribute>> kNames = {
      "int", "float", "string", "tensor", "type", "ints", "floats", "strings", "tensors", "types"};
  return kNames[attribute.index()];
}

}  // namespace mica
