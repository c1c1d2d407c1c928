// Questions that rules ask about nodes and values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace mica {

/// The dims of a tensor; null when not even the rank is known.
const Dims* dims_of(const Graph& graph, ValueId id);

/// Whether two dims that broadcast to `dim` must be the same: they are equal, or one is so once a table that is cut to
/// length is long enough, as min(dim, c) with c > 1.
bool same_where_valid(const Dim& cut, const Dim& dim);

/// An integer attribute of a node.
int64_t attribute(const Node& node, std::string_view name, int64_t absent);
/// A number, or a text, that is an attribute of a node.
float float_attribute(const Node& node, std::string_view name, float absent);
std::string text_attribute(const Node& node, std::string_view name, std::string absent = {});
/// A list of integers that is an attribute up to some version and an input from then on; nullopt when the node has
/// neither, or when the input is not a constant.
std::optional<std::vector<int64_t>> integers(const Graph& graph, const Node& node, std::string_view name, size_t input);
/// The elements of a constant tensor of integers; nullopt for anything else.
std::optional<std::vector<int64_t>> integers(const Graph& graph, ValueId id);

/// The first of the axes that a reduction runs over, counted from the front, when it runs over all axes from there on
/// and keeps their dims (as 1); nullopt otherwise.
std::optional<int64_t> reduced_tail(const Graph& graph, const Node& reduction);

/// Whether all elements of a tensor are this number: a constant, or one made larger or of another shape.
bool is_filled(const Graph& graph, ValueId id, double number);

/// Where each axis of a Transpose comes from; nullopt when the rank is not known, or what is given is no permutation.
std::optional<std::vector<int64_t>> permutation(const Graph& graph, const Node& transpose);

/// A formal input of a node; None where it has none.
inline ValueId input_of(const Node& node, size_t i) {
  return i < node.formal_inputs ? node.inputs[i] : ValueId::None;
}

}  // namespace mica
