// The names of the rows of the core's tables, by which R refers to them, and their properties.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "network.h"

namespace backprop {

// Defined for Activation, Loss, Rule and LayerKind, and for Family and Stop of train.h.
template <class Row> const std::vector<std::pair<std::string, Row>>& named_rows();

template <class Row> std::optional<Row> row_named(const std::string& name) {
  for (const auto& row : named_rows<Row>())
    if (row.first == name) return row.second;
  return std::nullopt;
}
template <class Row> std::string name_of(Row wanted) {
  for (const auto& row : named_rows<Row>())
    if (row.second == wanted) return row.first;
  return {};
}

// Whether the value of a unit depends on its own input only.
bool is_elementwise(Activation activation);
// Whether the slope is computed from the input of a unit, not only from its value.
bool slope_needs_input(Activation activation);
// The number of moments that a rule stores for each parameter.
int moments_of(Rule rule);
// Whether the loss is implemented with this output activation.
bool is_defined(Loss loss, Activation output);

}  // namespace backprop
